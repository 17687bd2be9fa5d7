"""All streams of the service: starts them, finds them, ends them, and keeps the last ones that ended."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextvars import Context
from functools import partial

from inference.events import Event
from inference.overheard import Overheard
from inference.pipeline import run
from inference.policy import Policy
from inference.summary import Summary
from stream.address import Address, parse
from stream.errors import Failure, InternalFault
from stream.lifecycle import Backoff
from stream.options import SourceOptions
from stream.sample import Source, Status
from stream.supervise import Reopening

from .around import Engine, Keeping, Remembering
from .lasting import last
from .names import Named, Names, NameTaken, ShuttingDown, TooManyPublishers, TooManyStreams
from .publishing import Publishing, ReceivedSource
from .recording.judging import HeardJudge
from .running import Commission, Stream, Tap
from .store.blocks import Judged
from .store.standing import StandingStream
from .terms import Kind, Terms
from .totals import Sums, Totals

ENDED_KEPT = 1000
_END_TIMEOUT_S = 5.0
_CLOSING_TIMEOUT_S = 2.2
"""A source of the pool ends within 2 s, or is given up."""
_CUT_TIMEOUT_S = 0.3


class Registry:
    """Lives on one event loop. `publish(stream, event)` must not block.

    A stream has an owner, the key that made it, or None for nobody. Names are unique among the streams of one owner.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        publish: Callable[[Stream, Event], None],
        keeping: Keeping,
        standing: Remembering,
        max_streams: int,
        max_publishers: int,
        terms: Terms,
    ) -> None:
        self._engine = engine
        self._publish = publish
        self._keeping = keeping
        self._standing = standing
        self._max_publishers = max_publishers
        self._answering = 0
        self._publishings: dict[Named, tuple[Stream, Publishing]] = {}
        self._terms = terms
        self._streams: dict[str, Stream] = {}
        self._by_media: dict[str, Stream] = {}
        self._names = Names(most=max_streams)
        self._ended: deque[str] = deque()
        self._past = Sums()

    def __iter__(self) -> Iterator[Stream]:
        """Oldest first."""
        return iter(tuple(self._streams.values()))

    @property
    def closing(self) -> bool:
        """No more streams are taken."""
        return self._names.closed

    def stream(self, stream_id: str) -> Stream | None:
        return self._streams.get(stream_id)

    def has_name(self, name: str) -> bool:
        """Whether a stream of this name, of whomever, runs or is being started."""
        return self._names.has(name)

    def media(self, media_id: str) -> Stream | None:
        """The stream that a media belongs to."""
        return self._by_media.get(media_id)

    def add(
        self,
        address: Address,
        *,
        name: str | None,
        policy: Policy,
        trusted: bool,
        paced: bool = False,
        loop: bool = False,
        shown: str | None = None,
        owner: str | None = None,
        commission: Commission | None = None,
        lasting: bool = False,
    ) -> Stream:
        """Start pulling an address; what becomes of it shows in the stream. Raises `NotAccepted`.

        `shown` is what people see in place of the address. A `lasting` one is taken up again by the next service, if
        it is live.
        """
        name = name or self._names.free(address, owner)
        with self._names.taken((owner, name)):
            if self._engine.full_for(address):
                raise TooManyStreams("No host of the cluster has room for one more stream; add machines.")
            stream = Stream(
                name=name,
                url=shown or address.redacted,
                policy=policy,
                pushed=False,
                owner=owner,
                commission=commission,
            )
            kind: Kind = "any" if commission is None else commission.kind
            options = self._terms.options(policy, trusted=trusted, paced=paced, loop=loop, kind=kind)
            self._pull(stream, address, options, lasting=lasting)
        return stream

    def take_up(self, one: StandingStream, *, turn: Callable[[], Awaitable[object]]) -> Stream:
        """Go on with a stream of an earlier service, as a new media, which is opened after its `turn` has come.

        Raises `NotAccepted`, and `stream.errors.AddressInvalid` for an address that is none any more.
        """
        address = parse(one.address)
        with self._names.taken((one.owner, one.name)):
            stream = Stream(
                name=one.name, url=address.redacted, policy=one.policy, pushed=False, owner=one.owner, earlier=one
            )
            self._pull(stream, address, self._terms.options(one.policy, trusted=False), lasting=True, turn=turn)
        return stream

    def _pull(
        self,
        stream: Stream,
        address: Address,
        options: SourceOptions,
        *,
        lasting: bool,
        turn: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        all_told = stream.listener is not None

        async def opened() -> Source:
            if turn is not None:
                await turn()
            return await self._engine.pull(address, options, all_told=all_told)

        source = Reopening(
            opened,
            live=address.is_live_protocol or options.paced,
            was_live=stream.taken_up,
            stall_after_s=stream.policy.stall_after,
            reconnect_for_s=stream.policy.reconnect_for,
        )
        self._start(stream, source, hear=last(stream, address, self._standing) if lasting else stream.hear)

    async def receive(
        self, offer_sdp: str, *, name: str, policy: Policy, owner: str | None = None
    ) -> tuple[Publishing, str]:
        """Start a stream that a WebRTC peer publishes, or let it go on if its publisher was lost.

        Returns who publishes with the SDP answer. Raises `NotAccepted` and, for an offer that is not answered,
        `stream.errors.SourceError`.
        """
        named = (owner, name)
        going_on = self._publishings.get(named)
        if going_on is not None and going_on[1].vacant and not self.closing:
            return await self._take_over(*going_on, offer_sdp)
        with self._names.taken(named):
            if len(self._publishings) + self._answering >= self._max_publishers:
                raise TooManyPublishers(f"{self._max_publishers} publish, the limit (limits.max_publishers).")
            self._answering += 1
            try:
                source, answer = await self._engine.receive(offer_sdp, self._terms.options(policy, trusted=False))
            finally:
                self._answering -= 1
            try:
                return self._start_published(source, named, policy), answer
            except BaseException:
                self._publishings.pop(named, None)
                await source.aclose()
                raise

    def _start_published(self, source: ReceivedSource, named: Named, policy: Policy) -> Publishing:
        if self.closing:
            raise ShuttingDown("The service is stopping.")
        within_s = policy.reconnect_for
        publishing = Publishing(source, within_s=within_s)
        owner, name = named
        stream = Stream(name=name, url=f"/whip/{name}", policy=policy, pushed=True, owner=owner)
        self._publishings[named] = (stream, publishing)
        source_of_all = Reopening(
            publishing.next,
            live=True,
            stall_after_s=policy.stall_after,
            reconnect_for_s=within_s,
            backoff=Backoff(first_s=0.0),
        )
        self._start(stream, source_of_all, hear=stream.hear)
        return publishing

    async def _take_over(self, stream: Stream, publishing: Publishing, offer_sdp: str) -> tuple[Publishing, str]:
        publishing.reserve()
        try:
            source, answer = await self._engine.receive(offer_sdp, self._terms.options(stream.policy, trusted=False))
        except BaseException:
            publishing.unreserve()
            raise
        if stream.closed or self.closing:
            await source.aclose()
            raise NameTaken(f"The stream {stream.name} ended just now; publish it again.")
        publishing.take_over(source)
        return publishing, answer

    def publishing(self, name: str, session: str) -> tuple[Stream, Publishing] | None:
        """The stream that a publisher's session feeds, while it does."""
        for stream, publishing in self._publishings.values():
            if (stream.name, publishing.session) == (name, session):
                return stream, publishing
        return None

    async def end(self, stream: Stream, *, within_s: float = _END_TIMEOUT_S) -> Summary:
        """End a stream, if it has not ended by itself, and return its final summary.

        One that takes longer is cut off: its closing events are published all the same, and its source is left behind.
        It is not taken up again.
        """
        self._standing.remove(stream.id)
        return await self._end(stream, within_s=within_s)

    async def _end(self, stream: Stream, *, within_s: float) -> Summary:
        if stream.task is not None and not stream.closed:
            stream.ended_on_request = True
            try:
                async with asyncio.timeout(within_s):
                    if stream.source is not None:
                        await stream.source.aclose()
                    await asyncio.wait({stream.task})
            except TimeoutError:
                stream.log.warning("%s did not end in time and is cut off", stream.name)
                stream.task.cancel()
                await asyncio.wait({stream.task}, timeout=_CUT_TIMEOUT_S)
                self._conclude(stream)
        return stream.summary()

    async def aclose(self) -> None:
        """Take no more streams and end all. Their closing events are published when it returns. Idempotent.

        Those that were to be taken up again still are.
        """
        self._names.closed = True
        await asyncio.gather(*(self._end(stream, within_s=_CLOSING_TIMEOUT_S) for stream in self))

    def totals(self) -> Totals:
        sums = self._past.copy()
        for stream in self._streams.values():
            if not stream.closed:
                counters = stream.counters
                sums.add(counters, scored=stream.tally.scored, dropped=stream.dropped_of(counters))
        return sums.totals()

    def _start(self, stream: Stream, source: Source, *, hear: Callable[[Status], None]) -> None:
        stream.source = Tap(source, stream, hear=hear)
        self._streams[stream.id] = self._by_media[stream.media.media_id] = stream
        how = "taken up again" if stream.taken_up else "added"
        stream.log.info("%s is %s: %s", stream.name, how, stream.media.uri)
        # It outlives the request that it was made by, and is not part of it.
        stream.task = asyncio.create_task(
            self._run(stream, stream.source), name=f"stream-{stream.id}", context=Context()
        )

    async def _run(self, stream: Stream, source: Source) -> None:
        failure = None
        try:
            tell = partial(self._tell, stream)
            lane = self._engine.lane()
            await run(
                source,
                lane if stream.listener is None else Overheard(lane, stream.listener.scored),
                HeardJudge(stream.judge, hear=partial(self._hear, stream)),
                tell,
                close_within_s=_CLOSING_TIMEOUT_S,
                tally=stream.tally,
            )
        except Exception:
            stream.log.exception("%s broke off", stream.name)
            failure = InternalFault("The service failed while it watched this stream; its log says why.").failure()
        finally:
            self._conclude(stream, failure)
            await source.aclose()

    def _hear(self, stream: Stream, sample: Judged) -> None:
        stream.judged(sample)
        self._keeping.add(stream.media.media_id, sample)

    def _tell(self, stream: Stream, event: Event) -> None:
        stream.conclude(event)
        self._publish(stream, event)

    def _conclude(self, stream: Stream, failure: Failure | None = None) -> None:
        """Publish what closing events are still owed, and put the stream with those that ended. Idempotent."""
        if stream.closed:
            return
        for event in stream.judge.finish(time.time(), failure):
            self._tell(stream, event)
        self._keeping.end(stream.media.media_id)
        if not (self.closing or stream.found_no_room):
            self._standing.remove(stream.id)
        self._past.add(stream.counters, scored=stream.tally.scored, dropped=stream.dropped)
        stream.close()
        named = (stream.owner, stream.name)
        self._names.give_back(named)
        if stream.pushed:
            self._publishings.pop(named, None)
        self._ended.append(stream.id)
        if len(self._ended) > ENDED_KEPT:
            gone = self._streams.pop(self._ended.popleft())
            del self._by_media[gone.media.media_id]

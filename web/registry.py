"""All streams of the service: starts them, finds them, ends them, and keeps the last ones that ended."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import replace
from functools import partial

from inference.events import Event
from inference.overheard import Overheard
from inference.pipeline import run
from inference.policy import Policy
from inference.summary import Summary
from stream.address import Address
from stream.errors import Failure, InternalFault
from stream.lifecycle import Backoff
from stream.options import Decoder, SourceOptions
from stream.sample import Source
from stream.supervise import Reopening

from .around import Engine, Keeping
from .names import Named, Names, NameTaken, ShuttingDown, TooManyPublishers, TooManyStreams
from .publishing import Publishing, ReceivedSource
from .recording.judging import HeardJudge
from .running import Commission, Stream, Tap
from .store.blocks import Judged
from .totals import Sums, Totals

ENDED_KEPT = 1000
_END_TIMEOUT_S = 5.0
_CALM_S = 2.0
"""Between two samples of a live picture that does not change, unless events are wanted more often."""
_CLOSING_TIMEOUT_S = 2.2
"""A source of the pool ends within 2 s, or is given up."""
_CUT_TIMEOUT_S = 0.3
_PATIENCE_S = 60.0
"""What a worker waits for a live playlist beyond what its supervision does, which counts from when it is played."""


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
        max_streams: int,
        max_publishers: int,
        egress_allow: tuple[str, ...],
        decode_errors_per_min: int,
        decoder: Decoder,
    ) -> None:
        self._engine = engine
        self._publish = publish
        self._keeping = keeping
        self._max_publishers = max_publishers
        self._answering = 0
        self._publishings: dict[Named, tuple[Stream, Publishing]] = {}
        self._egress_allow = egress_allow
        self._decode_errors_per_min = decode_errors_per_min
        self._decoder: Decoder = decoder
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
    ) -> Stream:
        """Start pulling an address; what becomes of it shows in the stream. Raises `NotAccepted`.

        `shown` is what people see in place of the address.
        """
        name = name or self._names.free(address, owner)
        with self._names.taken((owner, name)):
            if self._engine.full:
                raise TooManyStreams("No host of the cluster has room for one more stream; add machines.")
            options = self._options(policy, trusted=trusted, paced=paced, loop=loop)
            if commission is not None:
                options = replace(options, kind=commission.kind)
            stream = Stream(
                name=name,
                url=shown or address.redacted,
                policy=policy,
                pushed=False,
                owner=owner,
                commission=commission,
            )
            source = Reopening(
                lambda: self._engine.pull(address, options, all_told=commission is not None),
                live=address.is_live_protocol or paced,
                stall_after_s=policy.stall_after,
                reconnect_for_s=policy.reconnect_for,
            )
            self._start(stream, source)
        return stream

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
                source, answer = await self._engine.receive(offer_sdp, self._options(policy, trusted=False))
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
        self._start(stream, source_of_all)
        return publishing

    async def _take_over(self, stream: Stream, publishing: Publishing, offer_sdp: str) -> tuple[Publishing, str]:
        publishing.reserve()
        try:
            source, answer = await self._engine.receive(offer_sdp, self._options(stream.policy, trusted=False))
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
        """
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
        """Take no more streams and end all. Their closing events are published when it returns. Idempotent."""
        self._names.closed = True
        await asyncio.gather(*(self.end(stream, within_s=_CLOSING_TIMEOUT_S) for stream in self))

    def totals(self) -> Totals:
        sums = self._past.copy()
        for stream in self._streams.values():
            if not stream.closed:
                sums.add(stream.counters, scored=stream.tally.scored, dropped=stream.dropped)
        return sums.totals()

    def _options(self, policy: Policy, *, trusted: bool, paced: bool = False, loop: bool = False) -> SourceOptions:
        return SourceOptions(
            fps=policy.fps,
            adaptive=policy.adaptive,
            max_fps=policy.max_fps,
            calm_s=min(_CALM_S, policy.event_interval),
            decode=policy.decode,
            decoder=self._decoder,
            trusted=trusted,
            egress_allow=self._egress_allow,
            patience_s=policy.stall_after + policy.reconnect_for + _PATIENCE_S,
            decode_errors_per_min=self._decode_errors_per_min,
            paced=paced,
            loop=loop,
        )

    def _start(self, stream: Stream, source: Source) -> None:
        stream.source = Tap(source, stream, hear=stream.hear)
        self._streams[stream.id] = self._by_media[stream.media.media_id] = stream
        stream.log.info("%s is added: %s", stream.name, stream.media.uri)
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

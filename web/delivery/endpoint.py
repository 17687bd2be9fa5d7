"""Who is to be told of events, and what is owed to them. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .cloudevents import TYPES
from .delivery import Owed, Style, secret_of_key
from .history import Entry
from .journal import Published

USUAL = frozenset(TYPES) - {"gore.prob"}
"""What a receiver gets unless it asks for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A webhook of a key: an address, and which events are posted there."""

    id: str
    key_id: str | None
    """Whose it is, None for nobody's."""
    url: str
    kinds: tuple[str, ...] = ()
    """Types of events; none for the usual ones."""
    streams: tuple[str, ...] = ()
    """Ids of the only streams that it is told of; none for all that its key sees."""
    sees_all: bool = False
    """Whether its key sees the streams of other keys."""
    created_s: float
    disabled: str | None = None
    """Why nothing is sent there, as a sentence; None while events are."""

    def wants(self, entry: Entry) -> bool:
        return (
            self.disabled is None
            and entry.kind in (self.kinds or USUAL)
            and (not self.streams or entry.stream_id in self.streams)
            and (self.sees_all or entry.owner in (None, self.key_id))
        )


@dataclass(frozen=True, slots=True)
class StreamHook:
    """The `callback_url` of a stream."""

    url: str
    named_by: str | None
    """The key that named the address, whose secret signs; None for the service's configuration."""


def stream_hook(url: str | None, *, owner: str | None, usual: str | None) -> StreamHook | None:
    """The hook of a stream by its policy's `callback_url`; `usual` is that of the configuration."""
    return None if url is None else StreamHook(url, None if url == usual else owner)


def owed(
    published: Iterable[Published],
    told: Callable[[Entry], Iterable[Endpoint]],
    hook_of: Callable[[str], StreamHook | None],
) -> list[Owed]:
    """What is to be posted because of these events.

    `told` tells the endpoints that want an event, `hook_of` the callback of a stream by its id.
    """
    deliveries: list[Owed] = []
    for one in published:
        deliveries += [_to_endpoint(one, endpoint) for endpoint in told(one.entry)]
        hook = hook_of(one.entry.stream_id)
        if hook is not None and one.entry.kind in USUAL:
            deliveries.append(_to_hook(one, hook))
    return deliveries


def _to_endpoint(published: Published, endpoint: Endpoint) -> Owed:
    entry = published.entry
    return Owed(
        sender=endpoint.id,
        number=entry.number,
        style=Style.STANDARD,
        media_id=published.media_id,
        body=entry.data,
        url=endpoint.url,
        key_id=endpoint.key_id,
        holder=endpoint.id,
        stream_id=entry.stream_id,
        kind=entry.kind,
    )


def _to_hook(published: Published, hook: StreamHook) -> Owed:
    entry = published.entry
    return Owed(
        sender=entry.stream_id,
        number=entry.number,
        style=Style.STANDARD,
        media_id=published.media_id,
        body=entry.data,
        url=hook.url,
        key_id=entry.owner,
        holder=secret_of_key(hook.named_by),
        stream_id=entry.stream_id,
        kind=entry.kind,
    )

"""Where a source stands and what comes next: states, what is worth another try, when, and how long silence may last."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stream.errors import AddressInvalid, AddressRefused, Failure, HostLost, InternalFault, WorkerLost, WorkerReplaced
from stream.sample import State

OFF_AIR = "off_air"
"""Why a live source ended that did not say that it is over: its server hung up, or had nothing more to send."""
SILENT = "silent"
"""Why a source is stalled: it is connected, and sends nothing."""


class Happening(StrEnum):
    """What may happen to a source."""

    FRAMES = "frames"
    """Frames arrive."""
    SILENCE = "silence"
    """None has arrived for `stall_after` seconds."""
    LOSS = "loss"
    """The connection, or the process that read it, is gone, and another may bring it back."""
    FAULT = "fault"
    """It cannot be read, or was lost for good."""
    OVER = "over"
    """It said that it is over, was ended on request, or stayed off the air for too long."""


_LAST = {Happening.FAULT: State.FAILED, Happening.OVER: State.ENDED}
_NEXT: Mapping[State, Mapping[Happening, State]] = {
    State.CONNECTING: {
        Happening.FRAMES: State.LIVE,
        Happening.SILENCE: State.CONNECTING,
        Happening.LOSS: State.RECONNECTING,
        **_LAST,
    },
    State.LIVE: {
        Happening.FRAMES: State.LIVE,
        Happening.SILENCE: State.STALLED,
        Happening.LOSS: State.RECONNECTING,
        **_LAST,
    },
    State.STALLED: {
        Happening.FRAMES: State.LIVE,
        Happening.SILENCE: State.STALLED,
        Happening.LOSS: State.RECONNECTING,
        **_LAST,
    },
    State.RECONNECTING: {
        Happening.FRAMES: State.LIVE,
        Happening.SILENCE: State.RECONNECTING,
        Happening.LOSS: State.RECONNECTING,
        **_LAST,
    },
    State.ENDED: {},
    State.FAILED: {},
}


def after(state: State, happening: Happening) -> State:
    """The state that follows; nothing follows `ENDED` and `FAILED`."""
    return _NEXT[state].get(happening, state)


_FRAMES = 2.0
"""Of a slow source, that must be missing before it is stalled."""
_MOST_AHEAD_S = 30.0
_LEAST_S = 2.0
"""What is shorter came too quickly to say how fast."""

_OF_WORKERS = frozenset({WorkerLost.code, WorkerReplaced.code, HostLost.code})
_HOPELESS = frozenset({AddressInvalid.code, AddressRefused.code, InternalFault.code})
"""What no later try can mend, even of a source that was live before. Anything else a server says while it restarts."""


def verdict(failure: Failure | None, *, off_air: bool, live: bool, had_frames: bool) -> Happening:
    """What the end of one opening means for its source.

    `off_air`: it ended without saying that it is over. A source that is not `live` is never read again: its bytes may
    be what killed its worker. One that never `had_frames` is as its first opening says, unless it was only the worker
    that died.
    """
    if failure is None:
        return Happening.LOSS if off_air and live and had_frames else Happening.OVER
    if not live or failure.code in _HOPELESS:
        return Happening.FAULT
    return Happening.LOSS if had_frames or failure.code in _OF_WORKERS else Happening.FAULT


def blames_the_source(failure: Failure | None) -> bool:
    """Whether a worker died over it, perhaps because of it."""
    return failure is not None and failure.code == WorkerLost.code


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before each try: twice as long every time, up to a limit, less by chance up to a half.

    The chance keeps sources of one server from coming back all at once. Tries count from one again after an opening
    that lasted `stable_s`.
    """

    first_s: float = 0.5
    longest_s: float = 15.0
    stable_s: float = 30.0

    def delay_s(self, tries: int, entropy: float) -> float:
        """Before the next try when `tries` came before it; `entropy` in [0, 1)."""
        doublings = min(max(tries, 0), 32)
        return min(self.first_s * 2.0**doublings, self.longest_s) * (1.0 - 0.5 * entropy)


class Silence:
    """How long nothing may be heard of a source before it is stalled. All times are monotonic seconds.

    What is sent in bursts (`patient`: HLS, HTTP) is silent between them for as long as the burst plays, and whoever
    watches it notices nothing: media seconds that came before their time count as heard, 30 of them at most.
    """

    def __init__(self, now_s: float, *, stall_after_s: float, patient: bool = False, fps: float | None = None) -> None:
        """`fps` is what the source declares: a slide show is not stalled between two slides."""
        self._may_last_s = max(stall_after_s, _FRAMES / fps if fps else 0.0)
        self._patient = patient
        self._heard_s = now_s
        self._ahead_s = 0.0
        self._first_s: float | None = None
        self._last_s = 0.0

    def heard(self, now_s: float) -> None:
        """Something came."""
        self._ahead_s -= now_s - self._heard_s
        self._heard_s = now_s

    def placed(self, now_s: float, position_s: float) -> None:
        """A sample came, that many seconds into what this opening gave."""
        self.heard(now_s)
        # Whoever shows it waits where it comes late, and goes on from there.
        came_s = 0.0 if self._first_s is None else position_s - self._last_s
        self._first_s = position_s if self._first_s is None else self._first_s
        self._last_s = position_s
        self._ahead_s = max(self._ahead_s, 0.0) + came_s

    @property
    def came_early(self) -> bool:
        """It came at least twice as fast as it plays: whatever it was taken for, it was stored somewhere."""
        length_s = self._last_s - (self._first_s or 0.0)
        return length_s > _LEAST_S and self._ahead_s > 0.5 * length_s

    @property
    def stalled_at_s(self) -> float:
        """When it is stalled if nothing is heard until then."""
        return self._heard_s + self._may_last_s + (min(max(self._ahead_s, 0.0), _MOST_AHEAD_S) if self._patient else 0)

    @property
    def heard_s(self) -> float:
        """When something came last."""
        return self._heard_s

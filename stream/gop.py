"""Which packets are decoded: as few as the samples that are due need.

A frame can be decoded only after those that it refers to, back to a key frame. So a packet that no due sample needs is
held, undecoded; the next key frame makes what is held worthless, and it is thrown away. Where a sample is due before
that, what is held is decoded after all: a guess that was wrong costs a moment, never a sample.
"""

from collections import deque
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
"""Of packets: they are not looked into here."""

_GRACE_S = 0.1
"""A key frame may be this much later than those before it."""
_RATE_ROUNDING = 1.002
"""A key frame every 30 frames of 29.97 a second comes often enough for one sample a second."""
_GOPS_SEEN = 4
_BACK_S, _AHEAD_S = 1.0, 10.0
"""Stamps that leap further than frames are reordered may belong to another clock: frames have to tell."""
_MOST_HELD = 900
_MOST_HELD_BYTES = 8_000_000
_LEAST_EVERY_S = 2.0
"""Of live video, even where key frames are rarer and nothing else is wanted."""
_MOST_FAILURES = 2
_UNKNOWN_S = 4.0
"""For so long after its first key frame a live source's next one may come before a sample is due."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a packet tells before it is decoded; its presentation stamp in seconds."""

    pts_s: float | None
    key: bool
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Due:
    """The next sample that is wanted: the first frame at or after `from_s`, and not more than `slot_s` later.

    The sample before it was taken at `last_s`.
    """

    from_s: float
    slot_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """One packet to be decoded now."""

    packet: T
    seen: Seen
    fresh: bool = False
    """Something before it was left out: the decoder must forget what it knows."""
    alone: bool = False
    """Nothing after it may be decoded for a while: its frame is to be had at once."""
    reference_only: bool = False
    """Its frame is wanted only if others refer to it."""


class Gops(Generic[T]):
    """Takes the packets of one source in the order of decoding, and gives back those that are to be decoded.

    `auto` decodes up to each sample that is due and not further: of a live source as packets come, so that nothing is
    late, of a stored one, and at the beginning of a live one, when they are needed. Where the key frames of a live
    source come at least as often as samples are wanted, it waits for them, and each is the sample of its slot.
    `keyframes` never decodes anything else, but of live video a frame every two seconds at least. Without stamps or key
    frames, everything is decoded.
    """

    def __init__(self, mode: Literal["auto", "all", "keyframes"], *, live: bool, to_the_end: bool = False) -> None:
        """`to_the_end`: the last frames are wanted, too, for what follows them begins where they end."""
        self._mode = mode
        self._live = live
        self._to_the_end = to_the_end
        self._held: deque[tuple[T, Seen]] = deque()
        self._held_bytes = 0
        self._intervals_s: deque[float] = deque(maxlen=_GOPS_SEEN)
        self._longest_s: float | None = None
        """Between two key frames, of late."""
        self._key_s: float | None = None
        self._last_s: float | None = None
        self._hole = False
        self._leading_s: float | None = None
        self._adrift: Due | None = None
        self._failures = 0
        self._fell_back = False
        self.fallbacks = 0
        """GOPs of which more than the key frame had to be decoded although key frames alone were asked for."""

    def admit(self, packet: T, seen: Seen, due: Due | None) -> list[Work[T]]:
        """What is to be decoded now that `packet` has come, oldest first; that may be nothing.

        `due` is in seconds of stamps, by what is known so far; None while nothing is known.
        """
        pts_s = seen.pts_s
        if pts_s is None or self._mode == "all" or self._failures >= _MOST_FAILURES:
            return self._take(None, last=(packet, seen))
        leapt = self._last_s is not None and not -_BACK_S < pts_s - self._last_s < _AHEAD_S
        self._last_s = pts_s
        if seen.key:
            self._begin(pts_s, leapt=leapt)
        elif leapt:
            self._leading_s = None
        elif self._leading_s is not None and pts_s < self._leading_s:
            # It is shown before its key frame and refers to what was left out.
            return []
        if self._key_s is None or due is None:
            return self._take(None, last=(packet, seen))
        if leapt:
            self._adrift = due
        if self._mode != "keyframes" or self._live or seen.key:
            self._hold(packet, seen)
        else:
            self._hole = True
        if not self._wanted(seen, pts_s, due):
            return []
        return self._take(due if self._adrift is None else None)

    def drain(self, due: Due | None) -> list[Work[T]]:
        """No packet follows: what is still to be decoded."""
        return self._take(due) if self._to_the_end else []

    def cut_off(self, work: Work[T]) -> None:
        """The decoder had to be emptied after a packet that was decoded alone: to go on, it must begin there again."""
        self._hole = True
        self._hold(work.packet, work.seen)

    def first_frame(self, *, at_key: bool) -> None:
        """Whether the frame of a key packet was the first one out of a decoder that began there.

        Where it is not, time and again, what is called a key frame is none: everything is decoded from then on.
        """
        self._failures = 0 if at_key else self._failures + 1

    def _keys_do(self, due: Due) -> bool:
        """Key frames alone come as often as samples are wanted."""
        longest_s = self._longest_s
        return self._live and longest_s is not None and longest_s <= due.slot_s * _RATE_ROUNDING

    def _begin(self, pts_s: float, *, leapt: bool) -> None:
        if leapt:
            self._intervals_s.clear()
        elif self._key_s is not None and pts_s > self._key_s:
            self._intervals_s.append(pts_s - self._key_s)
        self._longest_s = max(self._intervals_s, default=None)
        self._key_s = pts_s
        self._fell_back = False
        self._hole = self._hole or bool(self._held)
        self._leading_s = pts_s if self._hole else None
        self._held.clear()
        self._held_bytes = 0

    def _wanted(self, seen: Seen, pts_s: float, due: Due) -> bool:
        if self._adrift is not None:
            # A frame that was placed by its new stamp moves what is due.
            if due == self._adrift:
                return True
            self._adrift = None
        if seen.key:
            return pts_s >= due.from_s
        if self._mode == "keyframes":
            return self._live and (self._keys_are_late(pts_s, due) or self._full) and self._falls_back()
        if not self._live or self._full or self._may_be_short(pts_s):
            return pts_s >= due.from_s or self._full
        key_s = self._next_key_s(pts_s)
        return key_s is None or key_s > due.from_s + due.slot_s * (1.0 if self._keys_do(due) else 0.5)

    @property
    def _full(self) -> bool:
        return len(self._held) >= _MOST_HELD or self._held_bytes >= _MOST_HELD_BYTES

    def _may_be_short(self, pts_s: float) -> bool:
        """Of a first GOP: decoded as it comes, each of a hundred sources that open at once would cost a whole one."""
        return self._longest_s is None and self._key_s is not None and pts_s < self._key_s + _UNKNOWN_S

    def _keys_are_late(self, pts_s: float, due: Due) -> bool:
        latest_s = due.last_s + max(_LEAST_EVERY_S, due.slot_s)
        key_s = self._next_key_s(pts_s)
        if key_s is None:
            return self._fell_back or pts_s >= latest_s
        return key_s > latest_s + _GRACE_S

    def _next_key_s(self, pts_s: float) -> float | None:
        """When the next key frame is expected; None if nothing is known, or it should have come already."""
        longest_s = self._longest_s
        if self._key_s is None or longest_s is None or pts_s > self._key_s + longest_s + _GRACE_S:
            return None
        return self._key_s + longest_s

    def _falls_back(self) -> bool:
        self.fallbacks += not self._fell_back
        self._fell_back = True
        return True

    def _hold(self, packet: T, seen: Seen) -> None:
        self._held.append((packet, seen))
        self._held_bytes += seen.size_bytes

    def _take(self, due: Due | None, last: tuple[T, Seen] | None = None) -> list[Work[T]]:
        taken = [*self._held, last] if last is not None else [*self._held]
        self._held.clear()
        self._held_bytes = 0
        return [self._work(packet, seen, due) for packet, seen in taken]

    def _work(self, packet: T, seen: Seen, due: Due | None) -> Work[T]:
        fresh = self._hole and seen.key
        self._hole = self._hole and not seen.key
        if due is None or seen.pts_s is None:
            alone = seen.key and self._mode == "keyframes" and self._failures < _MOST_FAILURES
            return Work(packet, seen, fresh=fresh, alone=alone)
        early = seen.pts_s < due.from_s
        alone = seen.key and not early and (self._mode == "keyframes" or self._keys_do(due))
        return Work(packet, seen, fresh=fresh, alone=alone, reference_only=early and not seen.key)

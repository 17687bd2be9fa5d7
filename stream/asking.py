"""When a WebRTC publisher is asked for a key frame, and what of its video is decoded.

Key frames alone cost a fraction of decoding everything, but publishers send them rarely unless they are asked (with a
picture loss indication, PLI). So the publisher is asked once per sample and what comes between is held undecoded. The
next key frame makes what is held worthless; where it does not come in time, what is held is decoded after all and
everything from then on, so that a publisher that takes no notice costs more, but never a sample. It is asked again
from time to time. Nothing is left undecoded before a publisher has answered twice.

Before the first key frame, and after a loss, nothing can be decoded; then the publisher is asked at once.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

MOST_ASKED_PER_S = 2.0
"""At higher rates `auto` decodes everything: docs/whip.md has the figures."""
_RARELY_S = 2.0
"""How often `keyframes` asks, unless samples are wanted less often."""
_ANSWER_S, _ANSWER_SHARE = 1.0, 0.8
"""From asking to the key frame at most: so long, and this share of the time between two questions. What comes later may
have come by itself."""
_TRUSTED = 2
"""Answers in a row, before anything is left undecoded."""
_FIRST_PAUSE_S, _LAST_PAUSE_S = 10.0, 160.0
_MOST_IN_VAIN = 3
_MOST_HELD = 300
_MOST_HELD_BYTES = 8_000_000


class Choice(Enum):
    """What becomes of one encoded frame."""

    DECODE = auto()
    """It is decoded now, after all that is held."""
    ALONE = auto()
    """It is a key frame: what is held is thrown away and it is decoded."""
    HOLD = auto()
    """It waits: the next frame decides."""
    SKIP = auto()
    """It is thrown away; nothing until the next key frame can be decoded."""


@dataclass(slots=True)
class _Held:
    frames: int = 0
    size_bytes: int = 0

    def clear(self) -> None:
        self.frames = self.size_bytes = 0


class Asking:
    """The choices of one publisher. All times in seconds of one monotonic clock."""

    def __init__(self, mode: Literal["auto", "all", "keyframes"], *, fps: float) -> None:
        asks = mode == "keyframes" or (mode == "auto" and fps <= MOST_ASKED_PER_S)
        self._every_s = max(1.0 / fps, _RARELY_S) if mode == "keyframes" else 1.0 / fps
        self._asks = asks
        self._keys_only = mode == "keyframes"
        self._patience_s = min(_ANSWER_S, _ANSWER_SHARE * self._every_s)
        self._answers = 0
        self._sparing = False
        self._lost = True
        self._in_vain = 0
        self._asked_s: float | None = None
        self._next_s: float | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._held = _Held()

    @property
    def sparing(self) -> bool:
        """Key frames alone are decoded at present."""
        return self._sparing or self._keys_only

    def frame(self, *, key: bool, size_bytes: int, now_s: float) -> Choice:
        """What becomes of the frame that has come."""
        if key:
            self._answered(now_s)
            return Choice.ALONE
        if self._keys_only or self._lost:
            return Choice.SKIP
        if not self._sparing:
            return Choice.DECODE
        self._held.frames += 1
        self._held.size_bytes += size_bytes
        full = self._held.frames >= _MOST_HELD or self._held.size_bytes >= _MOST_HELD_BYTES
        if full or self._unanswered(now_s):
            self._give_up(now_s)
            return Choice.DECODE
        return Choice.HOLD

    def lose(self) -> None:
        """Frames are missing or cannot be decoded: nothing before the next key frame is worth decoding."""
        self._lost = True
        self._held.clear()

    def ask(self, now_s: float) -> bool:
        """Whether the publisher is to be asked now; to be called with each frame."""
        if self._asked_s is not None and not self._unanswered(now_s):
            return False
        if self._lost:
            return self._ask_for_the_lost(now_s)
        if not self._asks or self._next_s is None or now_s < self._next_s:
            return False
        if self._asked_s is not None and not self._keys_only:
            # It is decoded anyway.
            self._give_up(now_s)
            return False
        self._asked_s = now_s
        self._next_s = now_s + self._every_s
        return True

    def _ask_for_the_lost(self, now_s: float) -> bool:
        if self._asked_s is not None:
            self._in_vain += 1
        if self._in_vain >= _MOST_IN_VAIN and not self._keys_only:
            # Some encoders refresh the picture bit by bit and never send a key frame: what comes has to do.
            self._lost = False
            self._give_up(now_s)
            return False
        self._asked_s = now_s
        return True

    def _unanswered(self, now_s: float) -> bool:
        return self._asked_s is not None and now_s - self._asked_s > self._patience_s

    def _answered(self, now_s: float) -> None:
        """A key frame came, asked for or not."""
        if self._asked_s is not None and not self._unanswered(now_s):
            self._answers += 1
            self._sparing = self._asks and self._answers >= _TRUSTED
            if self._sparing:
                self._pause_s = _FIRST_PAUSE_S
            # Counted from the question, so that the way there and back does not slow the rate down.
            self._next_s = self._asked_s + self._every_s
        elif self._asked_s is not None and self._asks and not self._keys_only and not self._lost:
            self._give_up(now_s)
        elif self._sparing or self._keys_only or self._next_s is None:
            self._next_s = now_s + self._every_s
        else:
            # While all is decoded, the pause is what counts.
            self._next_s = max(self._next_s, now_s + self._every_s)
        self._asked_s = None
        self._lost = False
        self._in_vain = 0
        self._held.clear()

    def _give_up(self, now_s: float) -> None:
        """It takes no notice: decode everything, and ask again much later."""
        self._sparing = False
        self._answers = 0
        self._asked_s = None
        self._held.clear()
        self._next_s = now_s + self._pause_s
        self._pause_s = min(2.0 * self._pause_s, _LAST_PAUSE_S)

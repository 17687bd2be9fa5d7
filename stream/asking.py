"""When a WebRTC publisher is asked for a key frame, and what of its video is decoded.

Key frames alone cost a fraction of decoding everything, but publishers send them rarely unless they are asked (with a
picture loss indication, PLI). So the publisher is asked once per sample and what comes between is held undecoded. The
next key frame makes what is held worthless; where it does not come in time, what is held is decoded after all and
everything from then on, so that a publisher that takes no notice costs more, but never a sample. It is asked again
from time to time. Nothing is left undecoded before a publisher has answered a few times.

Before the first key frame, and after a loss, nothing can be decoded; then the publisher is asked at once.
"""

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

MOST_ASKED_PER_S = 2.0
"""At higher rates `auto` decodes everything: docs/whip.md has the figures."""
_RARELY_S = 2.0
"""How often `keyframes` asks, unless samples are wanted less often."""
_PATIENCE_S = 1.0
"""For the way to the publisher and back, beyond the time between two questions."""
_SLOWER = 1.25
"""Key frames may come this much slower than they are asked for: questions are lost, and answers late."""
_FIRST_PAUSE_S, _LAST_PAUSE_S = 5.0, 160.0
_LEAST_KEYS, _MOST_KEYS = 3, 6
"""That are looked at to tell how often they come."""
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
        self._keys_only = mode == "keyframes"
        self._asks = self._keys_only or (mode == "auto" and fps <= MOST_ASKED_PER_S)
        self._every_s = max(1.0 / fps, _RARELY_S) if self._keys_only else 1.0 / fps
        self._keys_s: deque[float] = deque(maxlen=_MOST_KEYS)
        self._next_s = math.inf
        self._open = 0
        self._first_s: float | None = None
        self._answered = False
        self._pause_s = _FIRST_PAUSE_S
        self._sparing = False
        self._lost = True
        self._lost_asked_s = -math.inf
        self._in_vain = 0
        self._held = _Held()

    @property
    def sparing(self) -> bool:
        """Key frames alone are decoded at present."""
        return self._sparing or self._keys_only

    def frame(self, *, key: bool, size_bytes: int, now_s: float, hurries: bool = False) -> Choice:
        """What becomes of the frame that has come. While samples are wanted in a hurry, everything is decoded."""
        if key:
            self._key(now_s)
            return Choice.ALONE
        if self._keys_only or self._lost:
            return Choice.SKIP
        if self._overdue(now_s):
            self._give_up(now_s)
        if hurries or not self._sparing:
            self._held.clear()
            return Choice.DECODE
        self._held.frames += 1
        self._held.size_bytes += size_bytes
        if self._held.frames >= _MOST_HELD or self._held.size_bytes >= _MOST_HELD_BYTES:
            self._give_up(now_s)
            return Choice.DECODE
        return Choice.HOLD

    def lose(self) -> None:
        """Frames are missing or cannot be decoded: nothing before the next key frame is worth decoding."""
        self._lost = True
        self._held.clear()

    def ask(self, now_s: float) -> bool:
        """Whether the publisher is to be asked now; to be called with each frame."""
        if self._lost:
            return self._ask_for_the_lost(now_s)
        if now_s < self._next_s:
            return False
        # By the clock and not by the answers, so that the way there and back does not slow the rate down.
        self._next_s = max(self._next_s + self._every_s, now_s + 0.5 * self._every_s)
        self._open += 1
        if self._first_s is None:
            self._first_s = now_s
        return True

    def _ask_for_the_lost(self, now_s: float) -> bool:
        if now_s - self._lost_asked_s < _PATIENCE_S:
            return False
        if self._in_vain >= _MOST_IN_VAIN and not self._keys_only:
            # Some encoders refresh the picture bit by bit and never send a key frame: what comes has to do.
            self._lost = False
            self._give_up(now_s)
            return False
        self._in_vain += 1
        self._lost_asked_s = now_s
        return True

    def _key(self, now_s: float) -> None:
        """A key frame came, asked for or not."""
        self._lost = False
        self._lost_asked_s = -math.inf
        self._in_vain = 0
        self._held.clear()
        if not self._asks:
            return
        if self._open:
            self._open -= 1
            if not self._answered:
                # How long the first answer took says nothing about how often they come.
                self._keys_s.clear()
            self._answered = True
        elif self._keys_s or self._next_s == math.inf:
            self._next_s = now_s + self._every_s
        elif now_s < self._next_s:
            # It came by itself in a pause.
            return
        self._keys_s.append(now_s)
        if len(self._keys_s) >= _LEAST_KEYS:
            mean_s = (self._keys_s[-1] - self._keys_s[0]) / (len(self._keys_s) - 1)
            if mean_s <= _SLOWER * self._every_s:
                self._sparing = True
                self._pause_s = _FIRST_PAUSE_S
            elif not self._keys_only:
                self._give_up(now_s)

    def _overdue(self, now_s: float) -> bool:
        """A question was asked and nothing came of it."""
        since_s = self._keys_s[-1] if self._keys_s else self._first_s
        return self._open > 0 and since_s is not None and now_s - since_s > self._every_s + _PATIENCE_S

    def _give_up(self, now_s: float) -> None:
        """It takes no notice, or not often enough: decode everything, and ask again much later."""
        self._sparing = False
        self._open = 0
        self._first_s = None
        self._answered = False
        self._keys_s.clear()
        self._held.clear()
        self._next_s = now_s + self._pause_s if self._asks else math.inf
        self._pause_s = min(2.0 * self._pause_s, _LAST_PAUSE_S)

"""The bounded shared memory through which samples reach the service without being copied through a pipe.

One segment a worker, cut into equal slots of one picture each. The service creates it as an anonymous file that has
no name to leak: it is gone when the last of the two processes is, however they die. The worker alone hands out slots;
the service says when it is done with one. Both messages travel over sockets, so no memory ordering is left to luck.
"""

import mmap
import os
import sys
import tempfile
import threading
from collections import Counter

import numpy as np

from stream.sample import Pixels

_CHANNELS = 3


class SlotMemory:
    """The pixels of all slots, mapped into this process. One owner closes it; a view still held outlives that."""

    def __init__(self, fd: int, *, slots: int, height_px: int, width_px: int) -> None:
        self.slots = slots
        self._map = mmap.mmap(fd, memory_bytes(slots=slots, height_px=height_px, width_px=width_px))
        self._pixels: Pixels = np.frombuffer(self._map, np.uint8).reshape(slots, height_px, width_px, _CHANNELS)

    def view(self, slot: int) -> Pixels:
        """The picture in a slot, height × width × 3, not copied. Raises `IndexError` for a slot that does not exist."""
        if not 0 <= slot < self.slots:
            raise IndexError(f"slot {slot} of {self.slots}")
        view: Pixels = self._pixels[slot]
        return view


def memory_bytes(*, slots: int, height_px: int, width_px: int) -> int:
    return slots * height_px * width_px * _CHANNELS


def create_memory_fd(size_bytes: int) -> int:
    """A file descriptor of anonymous memory of that size, to be mapped here and inherited by a worker."""
    if sys.platform == "linux":
        fd = os.memfd_create("gorewatch-ring", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, size_bytes)
    return fd


class Slots:
    """The worker's ledger of who holds which slot. Thread-safe."""

    def __init__(self, slots: int) -> None:
        self._free = list(range(slots))
        self._reserve = slots // 4
        """Free slots that media which can wait leaves to media which cannot."""
        self._holder: dict[int, int] = {}
        self._held: Counter[int] = Counter()
        self._changed = threading.Condition()

    def take(self, source: int, *, at_most: int, wait_s: float = 0.0, leaves_reserve: bool = False) -> int | None:
        """A free slot for a source that holds fewer than `at_most`, or None when there is none within `wait_s`."""
        spare = self._reserve if leaves_reserve else 0
        with self._changed:
            self._changed.wait_for(lambda: self._available(source, at_most, spare), timeout=wait_s)
            if not self._available(source, at_most, spare):
                return None
            slot = self._free.pop()
            self._holder[slot] = source
            self._held[source] += 1
            return slot

    def give_back(self, slot: int) -> None:
        """The service is done with a slot. One that nobody holds is ignored: a source may have gone meanwhile."""
        with self._changed:
            source = self._holder.pop(slot, None)
            if source is None:
                return
            self._held[source] -= 1
            if not self._held[source]:
                del self._held[source]
            self._free.append(slot)
            self._changed.notify_all()

    def _available(self, source: int, at_most: int, spare: int) -> bool:
        return len(self._free) > spare and self._held[source] < at_most

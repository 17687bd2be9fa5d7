"""What was measured, kept on disk, so that a comparison that was interrupted goes on where it was."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.generic]]


class Absent(LookupError):
    """What was asked for was not made yet, and must not be made now."""


class Kept:
    """Arrays by what they were made from."""

    def __init__(self, folder: Path, *, make_more: bool = True) -> None:
        self._folder = folder
        self._make_more = make_more
        folder.mkdir(parents=True, exist_ok=True)

    def arrays(self, key: object, make: Callable[[], Arrays]) -> dict[str, npt.NDArray[np.generic]]:
        """What `make` gave for this key, now or earlier. The key's repr must name all that the result hangs on.

        Raises `Absent` where nothing more is to be made.
        """
        path = self._folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}.npz"
        if not path.exists():
            if not self._make_more:
                raise Absent
            part = path.with_suffix(".part.npz")
            np.savez(part, allow_pickle=False, **make())
            part.replace(path)
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}

"""The data folder's `pictures`: the frame of each incident's peak as the detector saw it, for its owner to read."""

import io
import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from stream.sample import Pixels

_FOLDER = "pictures"
_INCOMING = "incoming"
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_QUALITY = 95
_MOST_PX = 4096
"""A side; the detector's input is far smaller."""


class PictureUnreadable(Exception):
    """A picture that was kept is gone or damaged."""


class PictureFolder:
    """Its functions block for moments. Pictures have names within the data folder, so that it can be moved."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.absolute()
        self._folder = self._data_dir / _FOLDER
        self._incoming = self._folder / _INCOMING
        self._writing = threading.Lock()
        """A thread whose task was cancelled goes on, and another may begin on the same picture."""

    def name(self, incident_id: str) -> str:
        """What the picture of an incident is called."""
        return f"{_FOLDER}/{incident_id}.jpg"

    def has(self, incident_id: str) -> bool:
        return (self._data_dir / self.name(incident_id)).is_file()

    def kept(self) -> dict[str, str]:
        """The incident of each picture that is in its place, by name. Raises OSError."""
        if not self._folder.exists():
            return {}
        return {self.name(path.stem): path.stem for path in self._folder.glob("*.jpg")}

    def clear(self) -> None:
        """Forget what an earlier service had begun and not finished."""
        shutil.rmtree(self._incoming, ignore_errors=True)

    def begin(self, incident_id: str, pixels: Pixels) -> None:
        """Write a picture beside its place. Raises OSError."""
        for folder in (self._folder, self._incoming):
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        body = io.BytesIO()
        Image.fromarray(pixels).save(body, "JPEG", quality=_QUALITY, subsampling=0)
        path = self._begun(incident_id)
        with self._writing:
            try:
                number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
                with os.fdopen(number, "wb") as file:
                    file.write(body.getbuffer())
            except OSError:
                path.unlink(missing_ok=True)
                raise

    def finish(self, incident_id: str) -> None:
        """Put what was begun in its place, where whoever reads finds it whole. Raises OSError."""
        with self._writing:
            self._begun(incident_id).replace(self._data_dir / self.name(incident_id))

    def read(self, name: str) -> Pixels:
        """The picture of that name. Raises `PictureUnreadable`."""
        try:
            # One format, of our own making: whatever else lies there is not opened.
            with Image.open(self._data_dir / name, formats=["JPEG"]) as picture:
                if max(picture.size) > _MOST_PX:
                    raise PictureUnreadable(f"{name} has {picture.width} × {picture.height} pixels")
                return np.asarray(picture.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise PictureUnreadable(f"{name} cannot be read: {error}") from error

    def remove(self, names: Iterable[str]) -> None:
        """Idempotent. Raises OSError."""
        for name in names:
            (self._data_dir / name).unlink(missing_ok=True)

    def _begun(self, incident_id: str) -> Path:
        return self._incoming / f"{incident_id}.jpg"

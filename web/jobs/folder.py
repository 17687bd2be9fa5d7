"""The data folder's `media`: files that jobs and uploads need for longer than a call lasts."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

_FOLDER = "media"
_INCOMING = "incoming"
_MODE = 0o700
"""What people sent is for nobody else on this machine."""


class MediaFolder:
    """Its functions block, for moments, apart from the copying on a file system without links."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.absolute() / _FOLDER
        self.incoming = self._folder / _INCOMING
        """For files that are still being sent."""

    def prepare(self) -> None:
        """Make the folders, and clear away what was being sent when the service ended. Raises OSError."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(_MODE)

    def path(self, media_id: str) -> Path:
        return self._folder / media_id

    def keep(self, file: Path, media_id: str) -> Path:
        """Have a file of this folder under one more name, which it goes on to have when its other one goes."""
        target = self.path(media_id)
        try:
            os.link(file, target)
        except OSError:
            shutil.copyfile(file, target)
        return target

    def drop(self, media_id: str) -> None:
        """Idempotent."""
        self.path(media_id).unlink(missing_ok=True)

    def sweep(self, wanted: Collection[str]) -> None:
        """Clear away the files of all media but these."""
        for path in self._folder.iterdir():
            if path.is_file() and path.name not in wanted:
                path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._folder).free

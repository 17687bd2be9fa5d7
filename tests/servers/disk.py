"""A disk of its own for a test, small enough to be filled, and one that can be turned read-only."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, *, size_bytes: int) -> Iterator[Path]:
    """Some memory as a disk, mounted at `folder`; the running test skips where nothing may be mounted."""
    folder.mkdir()
    options = f"size={size_bytes}"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("needs to mount a file system: run it as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(disk: Path, how: str) -> None:
    """`ro` or `rw`."""
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@contextmanager
def breaking_disk(folder: Path, *, size_bytes: int) -> Iterator[tuple[Path, Callable[[], None]]]:
    """An ext4 file system at `folder`, and what makes it find an error and turn read-only under those who write to it.

    It stays so. The running test skips where nothing may be mounted, or the kernel has no such switch.
    """
    folder.mkdir()
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(size_bytes)
    if not (_done("mkfs.ext4", "-q", image) and _done("mount", "-o", "loop,errors=remount-ro", image, folder)):
        pytest.skip("needs to make and mount a file system: run it as root, with e2fsprogs")
    try:
        switch = Path("/sys/fs/ext4") / _device_of(folder) / "trigger_fs_error"
        if not switch.exists():
            pytest.skip("needs a kernel that lets a test break a file system")
        yield folder, lambda: _turn(switch)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _turn(switch: Path) -> None:
    switch.write_text("1")


def _done(program: str, *arguments: str | Path) -> bool:
    try:
        return subprocess.run([program, *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _device_of(folder: Path) -> str:
    found = subprocess.run(["findmnt", "-no", "SOURCE", folder], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()).name


@contextmanager
def unchangeable(*paths: Path) -> Iterator[None]:
    """Nobody may write to these files, not even through what they were opened as; the test skips where that is not."""
    try:
        if not _done("chattr", "+i", *paths):
            pytest.skip("needs to make files unchangeable: run it as root, on a file system that has that")
        yield
    finally:
        _done("chattr", "-i", *paths)


def fill(path: Path) -> None:
    """Write a file until its disk is full."""
    with path.open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), bytes(4096))
        except OSError:
            pass

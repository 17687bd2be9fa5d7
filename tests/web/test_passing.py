"""The folder for files on their way to a worker: whose it is, and what becomes of it."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from web import passing

_HOLD = """\
from web import passing
with passing.folder() as path:
    (path / "sent").write_bytes(b"x")
    print(path, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def other_process(place: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """One that has a folder of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(place)},
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_a_folder_is_there_for_its_owner_alone_and_gone_afterwards(place: Path) -> None:
    with passing.folder() as path:
        assert path.parent == place
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "sent").write_bytes(b"x")
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(place: Path) -> None:
    with other_process(place) as (living, kept), other_process(place) as (killed, left), passing.folder() as own:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert (left / "sent").exists()
        passing.sweep()
        assert {path.name for path in place.iterdir()} == {kept.name, own.name}
        assert (kept / "sent").exists()
        living.communicate("\n", timeout=20)
        assert not kept.exists()


def test_what_is_no_folder_of_a_service_is_left_alone(place: Path) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_bytes(b"x")
    (place / f"{passing.PREFIX}link").symlink_to(elsewhere)
    (place / f"{passing.PREFIX}file").write_bytes(b"x")
    (place / "gorewatch-bench-1").mkdir()
    before = sorted(place.rglob("*"))
    passing.sweep()
    assert sorted(place.rglob("*")) == before


def test_a_sweep_between_making_and_locking_costs_a_folder_and_nothing_else(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tempfile.mkdtemp
    swept: list[str] = []

    def made_and_swept(prefix: str) -> str:
        path = made(prefix=prefix)
        if not swept:
            swept.append(path)
            passing.sweep()
        return path

    monkeypatch.setattr(tempfile, "mkdtemp", made_and_swept)
    with passing.folder() as path:
        assert path.exists()
        assert [str(path)] != swept
        assert list(place.iterdir()) == [path]

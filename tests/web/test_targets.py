"""Files that commands write: refused before the work begins, and whole or not there at all."""

import os
import re
from pathlib import Path

import pytest

from web.commands.common import CommandError
from web.commands.targets import check_target, write_whole


def refused(path: Path, *others: str | Path) -> str:
    with pytest.raises(CommandError) as caught:
        check_target(path, option="--plot", others=others)
    assert caught.value.exit_code == 2
    assert re.match(r"--plot: [^\n]+[^\n]\.$", caught.value.message)
    return caught.value.message


def test_what_cannot_be_written_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)
    assert "the folder of" in refused(tmp_path / "none" / "a.png")
    assert "no ordinary file" in refused(Path("/dev/null"))
    os.mkfifo(tmp_path / "pipe")
    assert "no ordinary file" in refused(tmp_path / "pipe")
    assert "cannot be the name" in refused(tmp_path / ("x" * 300))
    assert "cannot be the name" in refused(tmp_path / "a\0b")
    (tmp_path / "loop").symlink_to("loop")
    assert "cannot be the name" in refused(tmp_path / "loop")
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "a.png")


def test_what_is_given_for_something_else_is_not_overwritten(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    assert "given twice" in refused(film, "http://a.example/film.mp4", film)
    (tmp_path / "link.png").symlink_to(film)
    assert "given twice" in refused(tmp_path / "link.png", film)
    assert "given twice" in refused(tmp_path / "new.png", tmp_path / "." / "new.png")
    check_target(tmp_path / "new.png", option="--plot", others=["rtsp://a.example/x", "a\0b", "x" * 9999, film])


def test_it_is_written_whole_in_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    check_target(path, option="--plot", others=[])
    before = os.umask(0o027)
    try:
        write_whole(path, b"one", option="--plot")
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o640)
    path.chmod(0o604)
    (tmp_path / "link.png").symlink_to(path)
    write_whole(tmp_path / "link.png", b"two", option="--plot")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o604)
    assert (tmp_path / "link.png").is_symlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "link.png"]


def test_what_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"before")

    def fail(_: Path, __: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(CommandError, match=r"--plot: .*a\.png cannot be written: No space left on device\. Give"):
        write_whole(path, b"after", option="--plot")
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"before"
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        write_whole(tmp_path / "gone" / "a.png", b"", option="--plot")

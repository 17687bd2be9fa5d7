"""`python benchmarks/alerts.py` as people run it, on drawn material, and what it says when it cannot."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.command import environment

# Drawing, encoding and scoring a minute and a half of video takes a while on a busy machine.
pytestmark = pytest.mark.timeout(300)

_ROOT = Path(__file__).parents[2]
_SMALL = ("--hours", "0.02", "--passages", "1", "--threads", "2")
_DOCUMENT = """\
# Words before
<!-- figures: written by benchmarks/alerts.py -->
old figures
<!-- end of figures -->
Words after
"""


def alerts(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(_ROOT / "benchmarks" / "alerts.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280.0,
        stdin=subprocess.DEVNULL,
        env=environment({"PYTHONPATH": str(_ROOT)}),
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, subprocess.CompletedProcess[str]]":
    """One small run on drawn material; its folder holds what it wrote."""
    folder = tmp_path_factory.mktemp("alerts")
    (folder / "page.md").write_text(_DOCUMENT)
    written = ("--keep", folder / "kept.json.gz", "--plot", folder / "curve.png", "--write", folder / "page.md")
    return folder, alerts(*_SMALL, *written)


def test_a_drawn_passage_is_found_soon_and_drawn_scenes_are_not(
    small: "tuple[Path, subprocess.CompletedProcess[str]]",
) -> None:
    _, done = small
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout.splitlines()[-1])
    assert line["bench"] == "alerts"
    assert line["by_length"]["10"]["found"] == 1
    assert line["by_length"]["10"]["delay_median_s"] <= 1.5
    assert line["false"]["count"] == 0
    assert line["false"]["hours"] == pytest.approx(0.02)
    assert line["stills_shown"]["gore"] >= 1
    assert "| 10 s | 1 | 1 |" in done.stdout
    assert "about 0 min left" in done.stderr


def test_the_document_and_the_picture_are_written(small: "tuple[Path, subprocess.CompletedProcess[str]]") -> None:
    folder, _ = small
    text = (folder / "page.md").read_text()
    assert text.startswith("# Words before\n")
    assert text.endswith("\nWords after\n")
    assert "old figures" not in text
    assert "| 10 s | 1 | 1 |" in text
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_kept_scores_give_the_same_tables(small: "tuple[Path, subprocess.CompletedProcess[str]]") -> None:
    folder, done = small
    again = alerts("--replay", folder / "kept.json.gz")
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--data", "{folder}"), "takes a labelled folder"),
        (("--replay", "{folder}/page.md"), "holds no recorded scores"),
        (("--write", "{folder}/page.md"), "lacks the lines"),
        (("--model", "{folder}/page.md"), "page.md"),
        (("--keep", "{folder}/page.md/kept.json.gz"), "name another folder"),
        (("--hours", "0"), "--hours"),
        (("--provider", "abacus"), "abacus"),
    ],
)
def test_what_it_cannot_do_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "page.md").write_text("# No place for figures\n")
    done = alerts(*(argument.format(folder=tmp_path) for argument in arguments))
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert said in errors[0]
    assert "Traceback" not in done.stderr

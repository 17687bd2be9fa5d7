"""`gorewatch scan --plot --report` on real files: what it writes, and what it says when it cannot."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.media import Clips
from tests.web.browser import Tab
from tests.web.command import assert_one_line, gorewatch
from tests.web.reports.parsed import Parsed

_EAGER = {"GOREWATCH_POLICY__THRESHOLD": "0.0001", "GOREWATCH_POLICY__RELEASE": "0.0001"}
"""Flags anything that the detector does not rule out altogether."""
_NAME = '<img src=x onerror="alert(1)">$x_1$\n.mp4'


def test_both_are_written_beside_the_summaries(clips: Clips, tmp_path: Path) -> None:
    film = tmp_path / _NAME
    shutil.copy(clips.mp4, film)
    plot, report = tmp_path / "scores.png", tmp_path / "report.html"
    report.write_text("an earlier one")
    done = gorewatch(
        *("scan", "--json", "--plot", plot, "--report", report, film, clips.jpeg, clips.truncated, clips.html),
        env=_EAGER,
    )
    assert done.returncode == 2, "some of it could not be read"
    summaries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["status"] for one in summaries] == ["success", "success", "success", "failure"], done.stderr
    with Image.open(plot) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
    shown = Parsed(report.read_text())
    assert "3 of 4 media flagged" in " ".join(shown.texts("p"))
    headings = shown.texts("h2")
    assert headings[1].endswith(" ".join(_NAME.split()))
    assert headings[2].endswith("/still.jpg")
    assert shown.texts("strong")[:4] == ["flagged", "flagged", "flagged, incomplete", "not readable"]
    facts = list(zip(shown.texts("dt"), shown.texts("dd"), strict=True))
    assert [prob for label, prob in facts if label == "Highest prob"][:2] == [
        f"{one['gore']['prob']:.4f}" for one in summaries[:2]
    ]
    assert ("Picture", "h264, 1280 × 720, 30 frames/s") in facts
    assert ("Picture", "jpeg, 640 × 360") in facts
    assert any("detector gore-lite1" in text for text in shown.texts("p"))
    pictures = shown.all("img")
    assert len(pictures) == 3
    assert {(one.attributes["width"], one.attributes["height"]) for one in pictures} == {("128", "72")}
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([_NAME, "report.html", "scores.png"])


def test_nothing_over_the_threshold_is_exit_code_0_with_both_files(clips: Clips, tmp_path: Path) -> None:
    plot, report = tmp_path / "scores.png", tmp_path / "report.html"
    done = gorewatch("scan", "--plot", plot, "--report", report, clips.ts)
    assert (done.returncode, done.stderr) == (0, "")
    assert "clear" in done.stdout
    assert plot.stat().st_size > 1000
    shown = Parsed(report.read_text())
    assert shown.texts("strong") == ["clear"]
    assert shown.all("img") == []
    assert len(shown.all("svg", class_="chart")) == 1


@pytest.mark.parametrize("option", ["--plot", "--report"])
def test_what_cannot_be_written_is_one_line_before_anything_is_scanned(
    clips: Clips, tmp_path: Path, option: str
) -> None:
    for target, said in ((tmp_path, "is a folder"), (tmp_path / "none" / "x", "is not there"), (clips.png, "twice")):
        done = gorewatch("scan", option, target, clips.png, clips.ts)
        assert said in assert_one_line(done)
        assert done.stdout == ""
    with Image.open(clips.png) as picture:
        assert picture.format == "PNG"


def test_one_file_for_both_is_refused(clips: Clips, tmp_path: Path) -> None:
    done = gorewatch("scan", "--plot", tmp_path / "x", "--report", tmp_path / "x", clips.png)
    assert "--report" in assert_one_line(done)
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_in_part_is_exit_code_2_and_said(clips: Clips) -> None:
    done = gorewatch("scan", clips.truncated)
    assert "only its beginning was scored" in assert_one_line(done)
    assert "clear, incomplete" in done.stdout


@pytest.mark.browser
async def test_a_browser_shows_the_page_from_disk_and_asks_nobody(tab: Tab, clips: Clips, tmp_path: Path) -> None:
    film, report = tmp_path / _NAME, tmp_path / "report.html"
    shutil.copy(clips.ts, film)
    assert gorewatch("scan", "--report", report, film, clips.jpeg, env=_EAGER).returncode == 1
    await tab.page.goto(report.as_uri())
    assert await tab.page.locator("h2").count() == 3
    assert await tab.page.evaluate("[...document.images].every((image) => image.naturalWidth === 16)")
    assert await tab.page.evaluate("getComputedStyle(document.body).maxWidth") != "none", "its style is let through"
    assert tab.complaints == []
    assert [url for url in tab.requests if not url.startswith("data:")] == [report.as_uri()]

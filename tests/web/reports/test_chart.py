"""The drawing of scores over time."""

from dataclasses import replace

import pytest

from inference.policy import Policy
from inference.scores import Point
from tests.web.reports.made import incident, video
from tests.web.reports.parsed import Parsed
from web.reports.chart import chart, described, extent, runs
from web.reports.values import Shown

FOOT, TOP = 210.0, 14.0
LEFT, RIGHT = 40.0, 948.0


def places(drawing: Parsed, kind: str) -> list[list[tuple[float, float]]]:
    """Where the lines of a kind go."""
    return [
        [(float(x), float(y)) for x, _, y in (place.partition(",") for place in line.attributes["points"].split())]
        for line in drawing.all("polyline", class_=kind)
    ]


@pytest.mark.parametrize("seconds", [1.0, 60.0, 36_000.0])
def test_scores_levels_and_incidents_lie_within_it_whatever_its_length(seconds: float) -> None:
    media = video(seconds=seconds)
    drawing = Parsed(chart(media.points, media.incidents, media.policy, label="Scores"))
    (prob,), (raw,) = places(drawing, "prob"), places(drawing, "raw")
    assert len(prob) == len(raw) <= 1200
    assert all(LEFT <= x <= RIGHT and TOP <= y <= FOOT for x, y in [*prob, *raw])
    assert min(y for _, y in prob) == pytest.approx(FOOT - 0.91 * (FOOT - TOP), abs=0.06), "no peak is lost"
    assert [text for text in drawing.texts("text") if text in ("threshold 0.5", "release 0.4")]
    (band,) = drawing.all("rect", class_="band")
    assert float(band.attributes["width"]) >= 1.5, "the shortest incident is seen"
    assert len(drawing.all("path", class_="mark")) == 1
    assert "0:00:00" in "".join(drawing.texts("text"))


def test_where_nothing_was_seen_nothing_is_drawn() -> None:
    points = [Point(float(at), 0.2, 0.2) for at in range(1000) if not 300 < at < 600 and at != 602]
    assert [len(run) for run in runs(points)] == [301, 399]
    lonely = [*points[:301], Point(450.0, 0.9, 0.9), *points[301:]]
    drawing = Parsed(chart(lonely, [], Policy(), label=""))
    assert [len(line) for line in places(drawing, "prob")] == [301, 2, 399], "a single sample is a dot"
    assert runs([]) == []
    assert [list(run) for run in runs(points[:1])] == [[0]]


def test_slow_sampling_is_no_gap() -> None:
    assert len(runs([Point(30.0 * at, 0.1, 0.1) for at in range(50)])) == 1


def test_an_axis_begins_at_0_unless_the_beginning_is_not_kept() -> None:
    points = [Point(1.0, 0.1, 0.1), Point(100.0, 0.1, 0.1)]
    assert extent(points) == (0.0, 100.0)
    assert extent([replace(points[0], position_s=50.0), points[1]]) == (50.0, 100.0)


def test_an_incident_whose_end_is_not_known_goes_on_to_the_end() -> None:
    points = video().points
    drawing = Parsed(chart(points, [Shown(incident=incident(45.0, None))], None, label=""))
    (band,) = drawing.all("rect", class_="band")
    assert float(band.attributes["x"]) + float(band.attributes["width"]) == pytest.approx(RIGHT, abs=0.1)
    assert drawing.all("path", class_="threshold") == [], "no policy is known"


def test_it_is_told_to_who_does_not_see_it() -> None:
    media = video()
    words = described(media.points, 1)
    assert words == "Scores from 0:00:00 to 0:01:00: prob is highest, 0.9100, at 0:00:30; incidents: 1."
    (drawing,) = Parsed(chart(media.points, media.incidents, media.policy, label='<"&')).all("svg")
    assert (drawing.attributes["role"], drawing.attributes["aria-label"]) == ("img", '<"&')

"""What people and programs read, and the picture."""

import json
from pathlib import Path

from PIL import Image

from inference.policy import Policy
from web.bench.alerts.figures import Figures, curve_policies, ending_policies, replayed
from web.bench.alerts.plot import write_plot
from web.bench.alerts.report import aims, markdown, values
from web.bench.alerts.tables import front

from .making import CALM, MEAT, WOUND, recording, timeline

SCORES = {CALM: 0.05, MEAT: 0.95, WOUND: 0.95}


def measured(*, meat_s: float = 6.0) -> tuple[Figures, list[Figures], list[Figures]]:
    gore = [(WOUND, length_s) for length_s in (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)]
    passages = timeline(*[shot for one in gore for shot in ((CALM, 12.0), one)], (CALM, 12.0))
    edited = timeline((CALM, 600.0), (MEAT, meat_s), (CALM, 600.0), style="edited", fps=4)
    recordings = [recording(edited, SCORES), recording(passages, SCORES)]
    default = Policy()
    grids = [replayed(recordings, grid) for grid in (curve_policies(default), ending_policies(default))]
    return replayed(recordings, [default])[0], grids[0], grids[1]


def test_the_tables_say_what_was_found_and_which_still_is_to_blame() -> None:
    text = markdown(*measured())
    assert "| 3 s | 1 | 1 | 100.0 % (20.7 to 100.0) | 0.50 | 0.50 |" in text
    assert "| 0.5 s | 1 | 0 | 0.0 % (0.0 to 79.3) | – | – |" in text
    assert "| `meat.png` | 1 | 0.1 |" in text
    assert "**0.5**" in text, "the default is marked"


def test_tables_are_whole() -> None:
    for block in markdown(*measured()).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_the_values_are_json_and_hold_the_curve() -> None:
    default, varied, _ = measured()
    line = json.loads(json.dumps(values(default, varied)))
    assert line["by_length"]["3"]["share"] == 1.0
    assert line["false"]["count"] == 1
    assert line["false"]["worst"] == [["meat.png", 1]]
    assert len(line["curve"]["rows"]) == len(varied)
    assert {len(row) for row in line["curve"]["rows"]} == {len(line["curve"]["columns"])}


def test_aims() -> None:
    assert aims(measured()[0]) == {"found": True, "delay": True, "false": False}
    assert aims(measured(meat_s=0.5)[0]) == {"found": True, "delay": True, "false": True}


def test_no_policy_of_the_front_is_beaten_by_another() -> None:
    def delay_s(one: Figures) -> float:
        median_s = one.of_length(3.0).delay_s(0.5)
        assert median_s is not None
        return median_s

    varied = [one for one in measured()[1] if one.of_length(3.0).share == 1.0]
    best = front(varied)
    assert 0 < len(best) < len(varied)
    for good in best:
        assert not any(one.quiet().per_hour <= good.quiet().per_hour and delay_s(one) < delay_s(good) for one in varied)
    assert [one.quiet().per_hour for one in best] == sorted(one.quiet().per_hour for one in best)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    default, varied, _ = measured()
    write_plot(tmp_path / "curve.png", varied, default)
    with Image.open(tmp_path / "curve.png") as picture:
        assert picture.width > 900
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 20

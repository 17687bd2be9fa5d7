"""The page: every cell where its header says, and figures that can be read."""

import numpy as np

from inference.training.comparison.table import MEASURED, Part, document, measured


def test_the_page_has_a_table_a_part() -> None:
    part = Part("How deep", "Ten views.", ("trained", "AP", "found"), [["head | alone", 0.5, None], ["all", 1.0, 0.25]])
    assert document(["About it.", "Made here."], [part]).splitlines() == [
        "# Choosing the detector's network",
        "",
        "About it.",
        "",
        "Made here.",
        "",
        "## How deep",
        "",
        "Ten views.",
        "",
        "| trained | AP | found |",
        "| --- | ---: | ---: |",
        "| head \\| alone | 0.500 | – |",
        "| all | 1.000 | 0.250 |",
    ]


def test_an_order_without_errors_is_perfect_in_every_resample() -> None:
    gore = np.arange(40) < 10
    cells = measured(np.where(gore, 0.9, 0.1), gore, np.random.default_rng(0))
    assert dict(zip(MEASURED, cells, strict=True)) == {
        "AUROC": 1.0,
        "average precision": 1.0,
        "95 % interval": "1.000 to 1.000",
        "F1 at 0.5": 1.0,
        "false positives at 0.5": 0.0,
    }


def test_the_interval_holds_the_figure_and_is_wider_for_fewer_pictures() -> None:
    rng = np.random.default_rng(3)
    widths = []
    for count in (60, 2000):
        gore = rng.random(count) < 0.3
        cells = measured(np.clip(0.5 + 0.2 * gore + rng.normal(0.0, 0.2, count), 0.0, 1.0), gore, rng)
        low, high = (float(word) for word in str(cells[2]).split(" to "))
        assert isinstance(cells[1], float)
        assert low < cells[1] < high
        widths.append(high - low)
    assert widths[0] > 2.0 * widths[1]

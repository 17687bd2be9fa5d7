"""The card's tables: what was reached of the targets, how far variants are, and the figures side by side."""

from pathlib import Path

import numpy as np
import pytest

from inference.agreement import Agreement

pytest.importorskip("onnx", reason="needs the package onnx: pip install 'gorewatch[test]'")
from inference.evaluation.labelled import Picture
from inference.evaluation.report import Detector, Report, Setting, build_report
from inference.training import card_tables
from inference.training.variants import VariantFacts

Row = list[str]


def rows(table: str) -> dict[str, Row]:
    """The cells after the first, by the first."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert {len(line) for line in lines} == {len(lines[0])}
    return {line[0]: line[1:] for line in lines[2:]}


def report(wrong: int) -> Report:
    """Of 20 pictures of gore and 20 others, `wrong` of each on the wrong side."""
    gore = np.arange(40) < 20
    prob = np.where(gore, 0.9, 0.1).astype(np.float32)
    for first in (0, 20):
        prob[first : first + wrong] = 1.0 - prob[first : first + wrong]
    pictures = [
        Picture(f"{at}.png", bool(each), "wound_burn" if each else "animals", "a/b", "MIT", "val")
        for at, each in enumerate(gore)
    ]
    setting = Setting(Detector("d", "1", "", "", "fp32", "cpu"), "data", None, 50, 1)
    return build_report(pictures, prob, setting, rng=np.random.default_rng(1))


def test_a_target_is_met_or_missed_by_so_much_or_not_measured() -> None:
    metrics = {
        "sources_left_out": {"auroc": 0.99, "f1": 0.9, "false_positives": 0.05, "ece": 0.01},
        "probes": {"bloody faces": 1.0},
    }
    found = rows(card_tables.targets(metrics))
    assert found["AUROC, sources left out"] == ["≥ 0.99", "0.990", "yes"]
    assert found["F1 at 0.5, sources left out"] == ["≥ 0.95", "0.900", "no, by 0.050"]
    assert found["false positives at 0.5, sources left out"] == ["≤ 0.02", "0.050", "no, by 0.030"]
    assert found["calibration error, sources left out"] == ["≤ 0.03", "0.010", "yes"]
    assert found["recall, bloody faces"] == ["≥ 0.9", "1.000", "yes"]
    assert found["recall at 1 % false positives, sources left out"] == ["≥ 0.93", "–", "–"]
    assert found["AUROC, validation split"][1:] == ["–", "–"]


def test_what_is_short_by_less_than_is_shown_is_not_called_met() -> None:
    found = rows(card_tables.targets({"validation": {"auroc": 0.9899, "false_positives": 0.0201}}))
    assert found["AUROC, validation split"][2].startswith("no, by")
    assert found["false positives at 0.5, validation split"][2].startswith("no, by")


def test_each_variant_has_its_size_and_says_why_it_does_not_ship(tmp_path: Path) -> None:
    reference = tmp_path / "net.onnx"
    reference.write_bytes(bytes(2_500_000))
    near, far = Agreement(400, 0.001, 0.004, 0.01, 0.0), Agreement(400, 0.02, 0.06, 0.3, 0.0125)
    found = rows(
        card_tables.variants(
            reference,
            {
                "int8": VariantFacts("net.int8.onnx", "0" * 64, 700_000, far, ("p99 is too large", "some flip")),
                "fp16": VariantFacts("net.fp16.onnx", "0" * 64, 1_300_000, near, ()),
            },
        )
    )
    assert list(found) == ["fp32", "int8", "fp16"]
    assert found["fp32"][0] == "2.5"
    assert found["int8"] == ["0.7", "0.0200", "0.0600", "1.25%", "no: p99 is too large; some flip"]
    assert found["fp16"] == ["1.3", "0.0010", "0.0040", "0.00%", "yes"]


def test_figures_stand_side_by_side_with_their_intervals() -> None:
    alone = rows(card_tables.figures_table(report(1), None))
    both = card_tables.figures_table(report(1), report(4))
    assert both.splitlines()[0] == "| figure | validation split (20 + 20) | sources left out (20 + 20) |"
    found = rows(both)
    assert {name: cells[:1] for name, cells in found.items()} == alone
    (recall,) = [cells for name, cells in found.items() if name.lower().startswith("recall at 0.5")]
    assert recall[0].startswith("0.950 (")
    assert recall[1].startswith("0.800 (")


def test_a_report_becomes_the_tables_of_its_name() -> None:
    found = card_tables.of_report("left-out", report(4))
    assert set(found) == {"left-out-thresholds", "left-out-categories", "left-out-sources"}
    assert rows(found["left-out-thresholds"])["0.5"][1].startswith("0.800")
    assert set(rows(found["left-out-categories"])) == {"wound_burn", "animals"}
    assert set(rows(found["left-out-sources"])) == {"a/b"}


def test_the_manifest_has_the_headline_in_numbers() -> None:
    found = card_tables.headline(report(4))
    assert (found["n_gore"], found["n_other"], found["recall"]) == (20, 20, 0.8)
    assert set(found) >= {"auroc", "f1", "recall_at_1pct_fp", "false_positives", "ece"}

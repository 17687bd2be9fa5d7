"""The report's tables, errors and JSON, and what becomes of what cannot be had."""

import json

import numpy as np
import pytest

from inference.evaluation.labelled import Picture, Unreadable
from inference.evaluation.markdown import group_table, markdown
from inference.evaluation.report import Detector, Report, Setting, build_report

_DETECTOR = Detector("tiny", "1", "tiny.onnx", "ab" * 32, "fp32", "cpu")


def _report(pictures: list[Picture], prob: list[float], resamples: int = 40) -> Report:
    setting = Setting(_DETECTOR, "pictures", None, resamples, 1)
    unreadable = [Unreadable("bad|\x1b[1m.jpg", "it is damaged")]
    rng = np.random.default_rng(1)
    return build_report(pictures, np.array(prob, np.float32), setting, rng=rng, unreadable=unreadable, left_out=2)


@pytest.fixture(scope="module")
def mixed() -> Report:
    pictures = [
        Picture("g/1.jpg", True, "wound", "clinic", "MIT"),
        Picture("g/2.jpg", True, "wound", "films", "unclear"),
        Picture("g/3.jpg", True, None, "films", "unclear"),
        Picture("o/1.jpg", False, "street", "films", "CC0"),
        Picture("o/2.jpg", False, "meat", "kitchen"),
        Picture("o/3.jpg", False, "meat", "kitchen"),
    ]
    return _report(pictures, [0.9, 0.2, 0.4, 0.3, 0.6, 0.8])


def test_a_category_without_gore_has_no_recall_and_is_no_crash(mixed: Report) -> None:
    wound, meat, street = mixed.categories
    assert (wound.name, wound.n_gore, wound.n_other) == ("wound", 2, 0)
    assert (wound.recall.value, wound.false_positives.value) == (0.5, None)
    assert (meat.recall.value, meat.false_positives.value, meat.auroc) == (None, 1.0, None)
    assert street.false_positives.value == 0.0
    assert street.false_positives.high is not None
    header, rows = group_table("category", mixed.categories)
    assert header == ["category", "gore", "other", "recall", "false positives"]
    assert rows[1][3] == "–"


def test_a_source_with_both_kinds_has_all_figures(mixed: Report) -> None:
    films = next(one for one in mixed.sources if one.name == "films")
    assert (films.n_gore, films.n_other, films.auroc) == (2, 1, 0.5)
    assert films.licences == ("CC0", "unclear")
    assert "| films | 2 | 1 | 0.000" in markdown(mixed)
    assert "| CC0; unclear |" in markdown(mixed)


def test_the_worst_errors_come_first(mixed: Report) -> None:
    assert [(one.file, one.category) for one in mixed.worst_false_positives] == [
        ("o/3.jpg", "meat"),
        ("o/2.jpg", "meat"),
    ]
    assert [one.file for one in mixed.worst_false_negatives] == ["g/2.jpg", "g/3.jpg"]


def test_json_has_short_numbers_and_null_for_what_cannot_be_had(mixed: Report) -> None:
    found = json.loads(json.dumps(mixed.json(), allow_nan=False))
    assert found["figures"]["auroc"]["value"] == round(4 / 9, 4)
    assert found["categories"][1]["recall"] == {"value": None, "low": None, "high": None}
    assert found["setting"]["detector"]["name"] == "tiny"
    assert [row["threshold"] for row in found["thresholds"]] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert found["thresholds"][8]["precision"]["value"] in (None, 1.0)
    assert len(found["reliability"]) == 15
    assert found["left_out"] == 2


def test_markdown_is_safe_from_names(mixed: Report) -> None:
    text = markdown(mixed)
    assert "| bad\\|�[1m.jpg | it is damaged |" in text
    assert "\x1b" not in text
    assert "1 could not be read. 2 outside the label folders were left out." in text


@pytest.mark.parametrize("gore", [True, False])
def test_one_kind_of_picture_gives_what_can_be_had(gore: bool) -> None:
    report = _report([Picture("a", gore), Picture("b", gore)], [0.9, 0.2])
    assert report.figures.auroc.value is None
    assert report.figures.ap.value is None
    assert report.figures.ece.value is not None
    assert (report.figures.recall.value, report.figures.false_positives.value) == ((0.5, None) if gore else (None, 0.5))
    assert report.precision_recall.recall == ()
    assert (report.categories, report.sources) == ((), ())
    assert "| AUROC | – | – |" in markdown(report)


def test_one_picture_is_enough() -> None:
    report = _report([Picture("a", True)], [0.7])
    assert report.figures.recall.value == 1.0
    assert "### Missed\n\nNone." in markdown(report)


def test_groups_are_counted_and_told() -> None:
    pictures = [Picture(str(number), number < 4, group=f"clip {number // 2}") for number in range(7)]
    pictures.append(Picture("alone", False))
    report = _report(pictures, [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1])
    assert report.n_groups == 5
    assert "of whole groups, 5 in all" in markdown(report)


def test_without_resamples_only_the_headline_lacks_intervals() -> None:
    report = _report([Picture("a", True, "x"), Picture("b", False, "y")], [0.9, 0.2], resamples=0)
    assert report.figures.recall.low is None
    assert report.categories[0].recall.low is not None
    assert "no resamples were asked for" in markdown(report)


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    rng = np.random.default_rng(1)
    prob = rng.random(3000)
    pictures = [Picture(str(at), bool(rng.random() < 0.5 * value + 0.2)) for at, value in enumerate(prob)]
    curve = _report(pictures, prob.tolist(), resamples=0).precision_recall
    assert len(curve.recall) == len(curve.precision) == len(curve.thresholds) == 400
    assert curve.recall[-1] == 1.0
    assert curve.thresholds[0] == pytest.approx(prob.max(), abs=1e-6)

"""Words that are labels, rows of a manifest, and names that come from anywhere."""

import pytest

from inference.evaluation.labelled import EvaluationError, label_of, picture_of, printable


@pytest.mark.parametrize("word", ["positive", "gore", "Gore", " GRAPHIC ", "1", "true"])
def test_words_for_gore(word: str) -> None:
    assert label_of(word) is True


@pytest.mark.parametrize("word", ["negative", "safe", "other", "Not gore", "no-gore", "0", "false"])
def test_words_for_the_rest(word: str) -> None:
    assert label_of(word) is False


@pytest.mark.parametrize("word", ["", "maybe", "2", "goreish", "train"])
def test_other_words_are_no_labels(word: str) -> None:
    assert label_of(word) is None


def test_a_row_may_say_more() -> None:
    row = {"file": "a/b.jpg", "label": "gore", "category": "wound", "source_repo": "x/y", "licence": "MIT"}
    picture = picture_of(row | {"split": "val", "group": "video 1"}, "Line 2")
    assert (picture.file, picture.gore, picture.category, picture.source) == ("a/b.jpg", True, "wound", "x/y")
    assert (picture.licence, picture.split, picture.group) == ("MIT", "val", "video 1")
    assert picture_of({"file": "a", "label": "safe", "source": "z", "category": " "}, "Line 2").source == "z"
    assert picture_of({"file": "a", "label": "safe", "category": " "}, "Line 2").category is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"file": "a.jpg", "label": "maybe"}, "'maybe'.*positive or gore"),
        ({"file": "a.jpg", "label": ""}, "no label"),
        ({"file": "a.jpg", "label": None}, "no label"),
        ({"file": " ", "label": "gore"}, "names no file"),
    ],
)
def test_a_row_without_a_usable_label_or_file_is_named(row: dict[str, str | None], said: str) -> None:
    with pytest.raises(EvaluationError, match=f"Line 7.*{said}"):
        picture_of(row, "Line 7")


def test_names_cannot_speak_to_the_terminal() -> None:
    assert printable("a\x1b[31mb\nc\udcff é") == "a�[31mb�c� é"

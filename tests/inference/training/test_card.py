"""The model card's places: tables go where they belong, and nothing else changes."""

import pytest

from inference.training.card import CardError, figure, filled

CARD = """# A card

<!-- begin figures -->
an old table
<!-- end figures -->

What a person wrote.

<!-- begin left-out-sources -->
<!-- end left-out-sources -->
"""
TABLE = "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_table_comes_into_its_place_and_all_else_stays() -> None:
    card = filled(CARD, {"figures": TABLE})
    assert card == CARD.replace("an old table", f"\n{TABLE}\n")
    both = filled(CARD, {"figures": TABLE, "left-out-sources": "| c |"})
    assert both.count(TABLE) == 1
    assert "<!-- begin left-out-sources -->\n\n| c |\n\n<!-- end left-out-sources -->" in both
    assert "an old table" not in both
    assert "What a person wrote." in both


def test_filled_again_it_is_the_same() -> None:
    card = filled(CARD, {"figures": TABLE})
    assert filled(card, {"figures": TABLE}) == card
    assert filled(card, {}) == card
    assert filled(card, {"figures": f"\n\n{TABLE}\n"}) == card


def test_what_looks_like_a_pattern_is_text() -> None:
    assert r"\1 \g<name> $1" in filled(CARD, {"figures": r"\1 \g<name> $1"})


@pytest.mark.parametrize(
    "card", ["", CARD.replace("end figures", "end figure"), CARD.replace("begin figures", "begin")]
)
def test_a_table_without_a_place_is_named(card: str) -> None:
    with pytest.raises(CardError, match="no <!-- begin figures --> … <!-- end figures -->: add it"):
        filled(card, {"figures": TABLE})


def test_a_figure_is_found_or_is_none() -> None:
    metrics = {"validation": {"auroc": 0.5, "f1": None, "n_gore": 4}, "name": "x"}
    assert figure(metrics, "validation", "auroc") == 0.5
    assert figure(metrics, "validation", "n_gore") == 4.0
    for path in (("validation", "f1"), ("validation", "ece"), ("validation",), ("name", "auroc"), ("name",)):
        assert figure(metrics, *path) is None

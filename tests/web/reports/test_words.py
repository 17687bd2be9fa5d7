"""Positions, names and texts as reports write them."""

import pytest

from tests.web.reports.made import HOSTILE
from web.reports.words import clock, cut, escaped, printable, shortened, ticks


@pytest.mark.parametrize(
    ("position_s", "decimals", "shown"),
    [
        (0.0, 0, "0:00:00"),
        (59.999, 0, "0:00:59"),
        (59.999, 1, "0:00:59.9"),
        (3600.0, 0, "1:00:00"),
        (0.1 + 0.2, 1, "0:00:00.3"),
        (359_999.0, 0, "99:59:59"),
        (360_000.5, 1, "100:00:00.5"),
        (-1e-9, 0, "0:00:00"),
    ],
)
def test_a_clock(position_s: float, decimals: int, shown: str) -> None:
    assert clock(position_s, decimals=decimals) == shown


@pytest.mark.parametrize(
    ("first_s", "last_s", "labels"),
    [
        (0.0, 3.0, ["0:00:00.0", "0:00:00.5", "0:00:01.0", "0:00:01.5", "0:00:02.0", "0:00:02.5", "0:00:03.0"]),
        (0.0, 5.5, ["0:00:00", "0:00:01", "0:00:02", "0:00:03", "0:00:04", "0:00:05"]),
        (0.0, 36_000.0, ["0:00:00", "2:00:00", "4:00:00", "6:00:00", "8:00:00", "10:00:00"]),
        (7201.0, 7262.0, ["2:00:10", "2:00:20", "2:00:30", "2:00:40", "2:00:50", "2:01:00"]),
    ],
)
def test_ticks_are_round(first_s: float, last_s: float, labels: list[str]) -> None:
    assert [label for _, label in ticks(first_s, last_s, most=9)] == labels


@pytest.mark.parametrize("span_s", [0.0, 1e-3, 0.04, 0.5, 1.0, 59.0, 3600.0, 86_400.0, 30 * 86_400.0, 1e10])
@pytest.mark.parametrize("first_s", [0.0, 0.3, 12_345.6])
def test_ticks_of_any_span_lie_within_it_and_are_few(first_s: float, span_s: float) -> None:
    found = ticks(first_s, first_s + span_s, most=9)
    assert len(found) <= 9
    assert all(first_s - 1e-6 <= position_s <= first_s + span_s + 1e-6 for position_s, _ in found)
    assert len({label for _, label in found}) == len(found)


def test_what_cannot_be_shown_or_misleads_has_a_mark_in_its_place() -> None:
    assert printable("a\x00b\x1bc\udcffd\x7f") == "a\ufffdb\ufffdc\ufffdd\ufffd"
    assert printable("\u202egpj.exe") == "\ufffdgpj.exe"
    assert printable("שלום 日本語 \U0001f468\u200d\U0001f469\n") == "שלום 日本語 \U0001f468\u200d\U0001f469\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_become_one_short_line_that_can_be_written(name: str) -> None:
    line = shortened(name)
    assert 0 < len(line) <= 80
    assert "\n" not in line
    encoded = escaped(line).encode()
    assert not set(b"<>\"'") & set(encoded)


def test_a_long_name_keeps_its_end_and_a_long_text_says_how_long_it_is() -> None:
    assert shortened("/a/very" * 30 + "/clip.mp4").endswith("/clip.mp4")
    assert shortened("x" * 80) == "x" * 80
    assert cut("x" * 10_000) == "x" * 500 + "… (10,000 characters)"
    assert cut("x" * 500) == "x" * 500

import random
import re

import pytest

from stream.ids import ALPHABET, base62, is_id, made_ms, make_id

ENTROPY = bytes(range(1, 12))


def test_an_id_has_the_documented_form() -> None:
    assert re.fullmatch(r"med_[0-9A-Za-z]{21}", make_id("med", 1_763_657_604_988, ENTROPY))


def test_ids_sort_by_time_whatever_their_entropy() -> None:
    rng = random.Random(1)
    times = sorted(rng.sample(range(62**8), 500))
    ids = [make_id("inc", unix_ms, rng.randbytes(11)) for unix_ms in times]
    assert ids == sorted(ids)


def test_ids_of_one_moment_share_their_first_eight_characters_and_differ_after() -> None:
    rng = random.Random(2)
    ids = {make_id("req", 1_700_000_000_000, rng.randbytes(11)) for _ in range(1000)}
    assert len(ids) == 1000
    assert len({made[: len("req_") + 8] for made in ids}) == 1


def test_all_of_the_entropy_counts() -> None:
    first = make_id("req", 0, b"\x00" * 11)
    assert first == "req_" + "0" * 21
    assert make_id("req", 0, b"\x00" * 10 + b"\x01") == "req_" + "0" * 20 + "1"
    assert make_id("req", 0, b"\x01" + b"\x00" * 10) != first
    assert re.fullmatch(r"req_[0-9A-Za-z]{21}", make_id("req", 0, b"\xff" * 64))


@pytest.mark.parametrize(("number", "text"), [(0, "000"), (9, "009"), (10, "00A"), (61, "00z"), (62, "010")])
def test_base62_is_big_endian_and_padded(number: int, text: str) -> None:
    assert base62(number, 3) == text


def test_base62_counts_up_in_text_order() -> None:
    texts = [base62(number, 2) for number in range(62**2)]
    assert texts == sorted(texts)
    assert len(set(texts)) == 62**2
    assert "".join(sorted(ALPHABET)) == ALPHABET


@pytest.mark.parametrize("number", [62**3, -1, -(62**3)])
def test_base62_refuses_what_does_not_fit(number: int) -> None:
    with pytest.raises(ValueError, match="does not fit 3"):
        base62(number, 3)


def test_too_little_entropy_and_impossible_times_are_refused() -> None:
    with pytest.raises(ValueError, match="11 bytes"):
        make_id("med", 0, b"\x00" * 10)
    for unix_ms in (-1, 62**8):
        with pytest.raises(ValueError, match="does not fit"):
            make_id("med", unix_ms, ENTROPY)


def test_an_id_is_known_by_its_form() -> None:
    made = make_id("inc", 1_763_657_604_988, ENTROPY)
    assert is_id("inc", made)
    for other in (
        "",
        "inc",
        "inc_",
        made[:-1],
        f"{made}0",
        f"{made}\n",
        f"x{made}",
        made.replace("_", "-"),
        f"{made[:-1]}é",
    ):
        assert not is_id("inc", other)
    assert not is_id("med", made)


@pytest.mark.parametrize("unix_ms", [0, 1, 61, 62, 1_763_657_604_988, 62**8 - 1])
def test_an_id_tells_when_it_was_made(unix_ms: int) -> None:
    assert made_ms(make_id("med", unix_ms, ENTROPY)) == unix_ms


@pytest.mark.parametrize(
    "text", ["", "med_", "med_a", "0" * 21, "med_" + "0" * 20, "med_" + "0" * 22, "med_" + "-" * 21]
)
def test_what_is_no_id_tells_no_time(text: str) -> None:
    assert made_ms(text) is None

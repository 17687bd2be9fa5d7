import pytest

from web.api.compat.arguments import read_address, read_interval_s, read_models
from web.api.compat.errors import Refused


@pytest.mark.parametrize(
    ("text", "detailed"), [("gore", False), ("gore-2.0", True), ("gore,gore-2.0", True), (" gore , gore,", False)]
)
def test_models(text: str, detailed: bool) -> None:
    assert read_models({"models": text}).detailed is detailed


@pytest.mark.parametrize(("text", "code"), [(None, 51), ("", 51), (" ,", 51), ("nudity", 52), ("gore;gore-2.0", 52)])
def test_models_that_are_none(text: str | None, code: int) -> None:
    with pytest.raises(Refused) as refusal:
        read_models({} if text is None else {"models": text})
    assert refusal.value.fault.code == code


def test_a_long_name_is_not_echoed_whole() -> None:
    with pytest.raises(Refused) as refusal:
        read_models({"models": "x" * 10_000})
    assert len(refusal.value.fault.message) < 200


@pytest.mark.parametrize(("text", "interval_s"), [("", 2.0), ("0.5", 0.5), ("1.0", 1.0), (" 5 ", 5.0)])
def test_intervals(text: str, interval_s: float) -> None:
    assert read_interval_s({"interval": text}) == interval_s
    assert read_interval_s({}) == 2.0


@pytest.mark.parametrize("text", ["0", "0.7", "-1", "6", "nan", "inf", "1e999", "two", "1,2"])
def test_intervals_that_are_none(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_interval_s({"interval": text})
    assert refusal.value.fault.code == 53


def test_addresses() -> None:
    assert read_address(" https://x.example/a b.jpg".replace(" b", "%20b"), "url").host == "x.example"


@pytest.mark.parametrize(
    "text", ["x.example/a.jpg", "ftp://x.example/", "file:///etc/passwd", "http://", "http://x:y/"]
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_address(text, "stream_url")
    assert refusal.value.fault.code == 54
    assert "stream_url" in refusal.value.fault.message

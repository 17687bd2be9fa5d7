"""Events as lines for people."""

import click
import pytest

from web.commands.lines import event_line


def _line(kind: str, data: object, **more: object) -> str:
    return event_line(
        {"type": kind, "time": "2026-11-22T17:40:03.120Z", "source": "/v1/streams/str_0123456789", "data": data, **more}
    )


@pytest.mark.parametrize(
    ("prob", "colour", "bar"),
    [
        (0.0, "green", "····················"),
        (0.2499, "green", "█████···············"),
        (0.25, "yellow", "█████···············"),
        (0.4999, "yellow", "██████████··········"),
        (0.5, "red", "██████████··········"),
        (1.0, "red", "████████████████████"),
    ],
)
def test_prob_is_drawn_and_coloured_by_its_height(prob: float, colour: str, bar: str) -> None:
    line = _line("gore.prob", {"position": 12.48, "gore": {"prob": prob}})
    assert click.style(f"    12.48 s  {bar} {prob:.2f}", fg=colour) in line


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("media.stalled", {"reason": "silent"}, "silent"),
        ("media.failed", {"error": {"code": "timeout", "message": "It never answered."}}, "It never answered."),
        ("media.finished", {"summary": {"status": "failure", "error": {"message": "No frame."}}}, "No frame."),
        ("gap", {"first": "1", "since": "0"}, "some events are no longer kept"),
        ("store.failed", {"reason": "The disk is full."}, "The disk is full."),
        ("store.recovered", {"dropped": 0}, "0 events were lost"),
        ("something.new", {"a": 1}, "something.new"),
        ("media.failed", None, "media.failed"),
    ],
)
def test_each_type_says_what_matters(kind: str, data: object, told: str) -> None:
    assert told in _line(kind, data)


def test_nothing_of_an_event_is_obeyed_by_the_terminal() -> None:
    line = _line(
        "media.failed", {"error": {"message": "\x1b]0;owned\x07 \x9b2J\r\n"}}, source="/\x1b[2J", time="\x1b[H"
    )
    unstyled = click.unstyle(line)
    assert unstyled.isprintable()
    assert "owned" in unstyled

"""Log lines, as they arrive on standard error."""

import json
import logging
import sys

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from web.logs import JsonFormatter, NotTheClientsFault, TextFormatter


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("gorewatch.streams", logging.INFO, __file__, 1, "%s is live", ("door",), None)
    made.__dict__.update(extra)
    made.created = 1795369203.12
    return made


def test_text_lines_carry_time_level_and_stream() -> None:
    expected = "2026-11-22T17:40:03.120Z INFO    gorewatch.streams stream=str_1 door is live"
    assert TextFormatter().format(record(stream="str_1")) == expected


HOSTILE = "a\r\n2026-11-22T17:40:03.120Z INFO    forged\x1b[2J\x00\x85\u2028end"


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_record_is_one_line_of_printable_characters_whatever_it_is_about(formatter: logging.Formatter) -> None:
    line = formatter.format(record(stream=HOSTILE, msg="%s", args=(HOSTILE,)))
    assert line.isprintable()
    assert "forged" in line


def test_json_carries_the_very_characters() -> None:
    assert json.loads(JsonFormatter().format(record(msg="%s", args=(HOSTILE,))))["message"] == HOSTILE


def test_no_line_of_a_traceback_looks_like_a_record() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        first, *rest = TextFormatter().format(record(exc_info=sys.exc_info())).split("\n")
    assert first.endswith("door is live")
    assert "ValueError" in "".join(rest)
    assert all(line.startswith("  ") and line.isprintable() for line in (text.rstrip("\r") for text in rest))


def test_json_lines_are_one_object_each_tracebacks_included() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        line = JsonFormatter().format(record(stream="str_1", exc_info=sys.exc_info()))
    assert "\n" not in line
    logged = json.loads(line)
    assert logged["message"] == "door is live"
    assert (logged["level"], logged["stream"]) == ("info", "str_1")
    assert "ValueError" in logged["exception"]


def test_requests_that_do_not_parse_leave_no_traceback() -> None:
    def passes(error: Exception) -> bool:
        return bool(NotTheClientsFault().filter(record(exc_info=(type(error), error, None))))

    assert not passes(BadHttpMessage("x"))
    assert passes(RuntimeError("x"))
    assert NotTheClientsFault().filter(record())


@pytest.mark.parametrize("extra", [{}, {"unrelated": 1}])
def test_records_without_a_stream(extra: dict[str, object]) -> None:
    assert "stream" not in json.loads(JsonFormatter().format(record(**extra)))

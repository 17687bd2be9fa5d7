"""Log lines for people or, as JSON objects, for programs; on standard error."""

import json
import logging
import re
from contextvars import ContextVar
from typing import Literal

from aiohttp import web
from aiohttp.http import HttpProcessingError

from .wire import timestamp

_MALFORMED = (HttpProcessingError, web.RequestPayloadError)
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the HTTP request that is being answered."""

_FIELDS = ("stream", "request")
"""What our loggers add to a record with `extra`, and what `OfRequest` adds."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What terminals act on, and all that anything takes for the end of a line."""


class TextFormatter(logging.Formatter):
    """Time, level, logger, stream if there is one, message: one line. The lines of a traceback follow, indented.

    Control characters are escaped: what a client sends must not look like a record of ours.
    """

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{timestamp(record.created)} {record.levelname:<7} {record.name}{fields} {record.getMessage()}"
        lines = [_escaped(line)]
        if record.exc_info:
            lines += [f"  {_escaped(text)}" for text in self.formatException(record.exc_info).split("\n")]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _extra(record)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _escaped(json.dumps(line, ensure_ascii=False))


class OfRequest(logging.Filter):
    """Adds the id of the request in whose course something is logged. Leaves nothing out."""

    def filter(self, record: logging.LogRecord) -> bool:
        if (current := request_id.get()) is not None:
            record.request = current
        return True


class NotTheClientsFault(logging.Filter):
    """Leaves out the tracebacks that aiohttp logs for requests that do not parse: anybody can send those."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], _MALFORMED))


def configure_logging(form: Literal["text", "json"], level: Literal["debug", "info", "warning", "error"]) -> None:
    """Set up the root logger of this process. The libraries that we use say less than we do."""
    handler = logging.StreamHandler()
    handler.addFilter(OfRequest())
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(NotTheClientsFault())
    for name in ("gorewatch", "stream", "inference", "web"):
        logging.getLogger(name).setLevel(level.upper())


def _escaped(text: str) -> str:
    """With control characters written as JSON writes them, so that it may be applied to JSON too."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _extra(record: logging.LogRecord) -> dict[str, str]:
    return {name: str(getattr(record, name)) for name in _FIELDS if hasattr(record, name)}

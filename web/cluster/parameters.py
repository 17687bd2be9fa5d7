"""What a small body says, as far as its way depends on it. Pure. Whether it is right is for the service to say."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

_MOST_FIELDS = 100
_MOST_HEAD_BYTES = 4096
_BOUNDARY = re.compile(r'boundary=(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s";]+))', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(rb';\s*name=(?:"([^"]*)"|([^\s";]+))', re.IGNORECASE)
_FILE = re.compile(rb";\s*filename\*?=", re.IGNORECASE)
_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def of_json(body: bytes) -> dict[str, str]:
    """The texts of an object; none of what is no object."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in said.items() if isinstance(value, str)} if isinstance(said, dict) else {}


def of_form(query: Mapping[str, str], content_type: str, body: bytes) -> dict[str, str]:
    """The fields of query and body: where both name one, the body's holds; of several the first."""
    kind = content_type.partition(";")[0].strip().lower()
    found = {name: query[name] for name in query}
    if kind == _URLENCODED:
        return found | _urlencoded(body)
    return found | _multipart(content_type, body) if kind == _MULTIPART else found


def _urlencoded(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return _first(pairs)


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return {}
    delimiter = b"\r\n--" + (boundary["quoted"] or boundary["bare"]).encode(errors="replace")
    pairs = []
    for part in (b"\r\n" + body).split(delimiter, _MOST_FIELDS)[1:]:
        head, _, text = part.partition(b"\r\n\r\n")
        disposition = _DISPOSITION.search(head[:_MOST_HEAD_BYTES])
        if disposition is None or _FILE.search(disposition[0]):
            continue
        if (name := _NAME.search(disposition[0])) is not None:
            found = name[2] if name[1] is None else name[1]
            pairs.append((found.decode(errors="replace"), text.decode(errors="replace")))
    return _first(pairs)


def _first(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields

"""What a small body says, as far as its way depends on it. Pure. Whether it is right is for the service to say."""

import json
from collections.abc import Mapping
from email import message_from_bytes
from urllib.parse import parse_qsl

_MOST_FIELDS = 100
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
    message = message_from_bytes(b"Content-Type: " + content_type.encode(errors="replace") + b"\r\n\r\n" + body)
    if not message.is_multipart():
        return {}
    pairs = []
    for part in message.walk():
        name = part.get_param("name", header="Content-Disposition")
        text = part.get_payload(decode=True)
        if isinstance(name, str) and part.get_filename() is None and isinstance(text, bytes):
            pairs.append((name, text.decode(errors="replace")))
    return _first(pairs)


def _first(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields

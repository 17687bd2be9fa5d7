"""Which paths are of the Sightengine-compatible API. Pure."""

import re

_OURS = re.compile(r"/{1,2}1\.0(/|$)")


def is_compat(path: str) -> bool:
    """Everything under `/1.0`; with a doubled slash in front too, as the official Node client sends."""
    return _OURS.match(path) is not None

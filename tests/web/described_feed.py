"""Holds what the event feed sends against its AsyncAPI document, which must not leave out a single key."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests.web.described import closed
from web.api.openapi.routes import feed_described


def check_event(event: Mapping[str, Any], *, made_up: bool = False) -> None:
    """Fail for an event that is not described, or otherwise than it is.

    A `made_up` one was put into the hub by a test, and may be of a stream and media whose ids have any form.
    """
    kind = str(event.get("type"))
    if made_up and "subject" in event:
        assert re.fullmatch(r"/v1/streams/\w+", event["source"])
        event = {**event, "source": f"/v1/streams/str_{'0' * 21}", "subject": f"med_{'0' * 21}"}
    messages = feed_described()["components"]["messages"]
    assert kind in messages, f"{kind} is not described: {event}"
    errors = [f"{list(error.instance_path)}: {error.message}" for error in _validator(kind).iter_errors(event)]
    assert not errors, f"{kind} is not as described: {errors}\n{event}"


@cache
def _validator(kind: str) -> Draft202012Validator:
    components = feed_described()["components"]
    whole = {**components["messages"][kind]["payload"], "components": {"schemas": closed(components["schemas"])}}
    return Draft202012Validator(whole, validate_formats=True)

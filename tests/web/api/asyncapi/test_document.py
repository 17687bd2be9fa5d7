"""The AsyncAPI document is one, describes every event that there is, and is there for everybody."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.servers import npm
from tests.web.described_feed import check_event
from tests.web.serving import serving
from web.api.asyncapi.feed import CLOSE_CODES
from web.api.openapi.routes import feed_described
from web.delivery import subscriber
from web.delivery.cloudevents import FEED_TYPES
from web.delivery.filters import Filter, NotUnderstood

_SPECS = "@asyncapi/specs@6.11.1"


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> jsonschema_rs.Draft7Validator:
    """The JSON schema of AsyncAPI 3.0.0 documents, from those who define it."""
    modules: Path = npm.node_modules(tmp_path_factory.mktemp("specs"), _SPECS)
    schema = json.loads((modules / "@asyncapi" / "specs" / "schemas" / "3.0.0.json").read_text())
    return jsonschema_rs.Draft7Validator(schema)


def _broken(*path: str, value: object) -> dict[str, Any]:
    broken = copy.deepcopy(feed_described())
    node = broken
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return broken


def test_it_is_an_asyncapi_document(official: jsonschema_rs.Draft7Validator) -> None:
    assert [error.message for error in official.iter_errors(feed_described())] == []
    for path, value in (
        (("operations", "sendEvents", "action"), "shout"),
        (("channels", "events", "bindings", "ws", "method"), "PUT"),
        (("servers", "plain", "protocol"), None),
        (("components", "schemas", "Gap", "type"), "thing"),
    ):
        assert not official.is_valid(_broken(*path, value=value)), path


def test_every_reference_leads_somewhere() -> None:
    document = feed_described()

    def follow(node: Any) -> int:
        if isinstance(node, list):
            return sum(follow(item) for item in node)
        if not isinstance(node, dict):
            return 0
        if isinstance(target := node.get("$ref"), str):
            found: Any = document
            for key in target.removeprefix("#/").split("/"):
                found = found[key]
            return 1
        return sum(follow(value) for value in node.values())

    assert follow(document) > 20


def test_it_describes_the_types_that_are_encoded_and_one_can_filter_by() -> None:
    document = feed_described()
    channel = document["channels"]["events"]
    assert set(channel["messages"]) == {*FEED_TYPES, "gap", "control.filter", "filter"}
    query = channel["bindings"]["ws"]["query"]["properties"]
    assert set(query) == {"stream", "type", "since"}
    assert query["type"]["items"]["enum"] == list(FEED_TYPES)


def test_the_examples_are_as_described() -> None:
    for message in feed_described()["components"]["messages"].values():
        for example in message["examples"]:
            check_event(example["payload"])


def test_the_tests_notice_an_event_that_is_not_as_described() -> None:
    event = feed_described()["components"]["messages"]["gore.prob"]["examples"][0]["payload"]
    for wrong in (
        event | {"more": 1},
        event | {"id": "42"},
        event | {"type": "gore.maybe"},
        event | {"data": event["data"] | {"gore": {"prob": 1.1}}},
        event | {"data": {key: value for key, value in event["data"].items() if key != "latency"}},
    ):
        with pytest.raises(AssertionError, match="described"):
            check_event(wrong)


@pytest.mark.parametrize(
    ("message", "understood"),
    [
        ({"type": "filter"}, True),
        ({"type": "filter", "streams": ["str_a", "anything"], "types": list(FEED_TYPES)}, True),
        ({"type": "filter", "streams": ["x"] * 1000}, True),
        ({"type": "filter", "streams": ["x"] * 1001}, False),
        ({"type": "filter", "types": ["gap"]}, False),
        ({"type": "filter", "streams": "x"}, False),
        ({"type": "filter", "since": "1"}, False),
        ({"streams": []}, False),
    ],
)
def test_a_filter_is_described_as_it_is_understood(message: dict[str, object], understood: bool) -> None:
    if understood:
        check_event(message)
        Filter().changed(json.dumps(message))
    else:
        with pytest.raises(AssertionError, match="described"):
            check_event(message)
        with pytest.raises(NotUnderstood):
            Filter().changed(json.dumps(message))


def test_the_close_codes_are_those_that_subscribers_are_cut_off_with() -> None:
    codes = {subscriber.GOING_AWAY, subscriber.NO_LONGER_LET_IN, subscriber.TRY_AGAIN_LATER, subscriber.TOO_SLOW}
    assert codes <= set(CLOSE_CODES)


async def test_it_is_there_for_everybody_but_not_under_a_foreign_name() -> None:
    async with serving(keyed=True) as served:
        async with served.http.get("/asyncapi.json", headers={"Authorization": ""}) as response:
            assert (response.status, response.content_type) == (200, "application/json")
            assert await response.json() == feed_described()
        async with served.http.get("/asyncapi.json", headers={"Host": "other.example"}) as response:
            assert response.status == 403

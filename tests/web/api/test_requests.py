"""Every request has an id."""

import json
import logging

import pytest

from tests.web.serving import serving
from web.api.requests import HEADER
from web.logs import JsonFormatter, OfRequest, request_id


async def test_every_answer_names_its_request_and_no_two_are_alike() -> None:
    async with serving() as served:
        found = []
        for path in ("/healthz", "/healthz", "/v1/streams", "/v1/streams/str_none", "/nowhere"):
            async with served.http.get(path) as response:
                found.append(response.headers[HEADER])
    assert all(one.startswith("req_") for one in found)
    assert len(set(found)) == len(found)


async def test_the_api_names_the_same_one_in_its_body() -> None:
    async with serving() as served, served.http.get("/1.0/check.json") as response:
        answer = await response.json()
        assert answer["request"]["id"] == response.headers[HEADER]


async def test_lines_logged_in_the_course_of_a_request_carry_its_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "gorewatch.http")
    caplog.handler.addFilter(OfRequest())
    async with serving() as served, served.http.get("/v1/streams/str_none?clear=hush") as response:
        given = response.headers[HEADER]
    (line,) = [record for record in caplog.records if "/v1/streams/str_none" in record.getMessage()]
    logged = json.loads(JsonFormatter().format(line))
    assert logged["request"] == given
    assert "404" in logged["message"]
    assert "hush" not in logged["message"]


async def test_a_stream_outlives_the_request_that_made_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gorewatch.streams")
    caplog.handler.addFilter(OfRequest())
    async with serving() as served:
        stream = await served.add(name="door")
        source = await served.pool.source()
        source.live()
        await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["state"] == "live")
    lines = {record.getMessage().split(":")[0]: record for record in caplog.records}
    assert hasattr(lines["door is added"], "request")
    assert not hasattr(lines["door is live"], "request")


def test_outside_of_requests_there_is_none() -> None:
    record = logging.LogRecord("gorewatch", logging.INFO, __file__, 1, "text", (), None)
    assert OfRequest().filter(record)
    assert request_id.get() is None
    assert "request" not in json.loads(JsonFormatter().format(record))

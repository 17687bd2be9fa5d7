"""Who may call `/1.0`: who has a key, and before there is one this machine alone."""

import aiohttp
import pytest

from tests.web.serving import Served, new_key, serving
from web.access.scopes import Scope
from web.api.compat.paths import is_compat

_PATH = "/1.0/check.json?models=gore"


async def _error(url: str, path: str, **headers: str) -> tuple[int, str, int]:
    async with aiohttp.ClientSession() as http, http.get(url + path, headers=headers) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        error = (await response.json())["error"]
        return response.status, error["type"], error["code"]


async def _with_key(served: Served, *scopes: Scope, rate: float | None = None) -> str:
    """The path with credentials that are good."""
    user, _, secret = (await new_key(served.store, *scopes, rate=rate)).partition(":")
    await served.access.refresh()
    return f"{_PATH}&api_user={user}&api_secret={secret}"


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
async def test_before_there_is_a_key_pages_of_other_sites_are_refused(header: dict[str, str]) -> None:
    async with serving() as served:
        assert await _error(served.url, f"{_PATH}&api_user=a&api_secret=b") == (400, "argument_error", 4)
        refused = await _error(served.url, f"{_PATH}&api_user=a&api_secret=b", **header)
        assert refused == (403, "credentials_error", 2)


async def test_before_there_is_a_key_missing_credentials_are_still_missing() -> None:
    async with serving() as served:
        assert await _error(served.url, _PATH) == (401, "argument_error", 1)


async def test_a_configured_origin_is_let_in_before_there_is_a_key() -> None:
    async with serving(allowed_origins="https://ours.example") as served, aiohttp.ClientSession() as http:
        headers = {"Origin": "https://ours.example"}
        async with http.get(f"{served.url}{_PATH}&api_user=a&api_secret=b", headers=headers) as response:
            assert response.status == 400


@pytest.mark.parametrize("header", [{}, {"Host": "api.sightengine.com"}, {"Origin": "https://shop.example"}])
async def test_any_page_may_call_that_knows_it(header: dict[str, str]) -> None:
    async with serving() as served:
        known = await _with_key(served)
        assert await _error(served.url, known, **header) == (400, "argument_error", 4)
        assert await _error(served.url, f"{_PATH}&api_user=a&api_secret=b", **header) == (401, "argument_error", 1)


async def test_a_key_without_the_scope_is_told_so() -> None:
    async with serving() as served:
        known = await _with_key(served, Scope.STREAMS)
        assert await _error(served.url, known) == (403, "credentials_error", 3)


async def test_case_59_who_makes_more_requests_than_the_keys_rate_is_told_when_to_come_again() -> None:
    async with serving() as served, aiohttp.ClientSession() as http:
        known = await _with_key(served, rate=1.0)
        answers = []
        for _ in range(5):
            async with http.get(served.url + known) as response:
                answers.append((response.status, (await response.json())["error"]["code"], response.headers))
        refused = [headers for status, code, headers in answers if (status, code) == (429, 33)]
        assert refused
        assert all(headers["Retry-After"] == "1" for headers in refused)


async def test_the_other_paths_keep_their_rules() -> None:
    async with serving(keyed=True) as served, aiohttp.ClientSession() as http:
        async with http.get(f"{served.url}/v1/streams") as response:
            assert response.status == 401
        async with http.get(f"{served.url}/v1/streams", headers={"Host": "evil.example"}) as response:
            assert response.status == 403


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/1.0", True),
        ("/1.0/", True),
        ("//1.0/video/check.json", True),
        ("/1.0x/check.json", False),
        ("/v1/1.0/check.json", False),
        ("/", False),
    ],
)
def test_paths(path: str, ours: bool) -> None:
    assert is_compat(path) is ours

"""Who may call `/1.0`: with a configured secret anybody who knows it, without one this machine alone."""

import aiohttp
import pytest

from tests.web.serving import serving
from web.api.compat.paths import is_compat

_PATH = "/1.0/check.json?models=gore"
_KNOWN = f"{_PATH}&api_user=a&api_secret=a-long-enough-token"


async def _error(url: str, path: str, **headers: str) -> tuple[int, str, int]:
    async with aiohttp.ClientSession() as http, http.get(url + path, headers=headers) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        error = (await response.json())["error"]
        return response.status, error["type"], error["code"]


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
async def test_without_a_token_pages_of_other_sites_are_refused(header: dict[str, str]) -> None:
    async with serving() as served:
        assert await _error(served.url, f"{_PATH}&api_user=a&api_secret=b") == (400, "argument_error", 4)
        refused = await _error(served.url, f"{_PATH}&api_user=a&api_secret=b", **header)
        assert refused == (403, "credentials_error", 2)


async def test_without_a_token_missing_credentials_are_still_missing() -> None:
    async with serving() as served:
        assert await _error(served.url, _PATH) == (401, "argument_error", 1)


async def test_a_configured_origin_is_let_in_without_a_token() -> None:
    async with serving(allowed_origins="https://ours.example") as served, aiohttp.ClientSession() as http:
        headers = {"Origin": "https://ours.example"}
        async with http.get(f"{served.url}{_PATH}&api_user=a&api_secret=b", headers=headers) as response:
            assert response.status == 400


@pytest.mark.parametrize("header", [{}, {"Host": "api.sightengine.com"}, {"Origin": "https://shop.example"}])
async def test_with_a_token_any_page_may_call_that_knows_it(header: dict[str, str]) -> None:
    async with serving("a-long-enough-token") as served:
        assert await _error(served.url, _KNOWN, **header) == (400, "argument_error", 4)
        assert await _error(served.url, f"{_PATH}&api_user=a&api_secret=b", **header) == (401, "argument_error", 1)


async def test_the_other_paths_keep_their_rules() -> None:
    async with serving("a-long-enough-token") as served, aiohttp.ClientSession() as http:
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

"""A tab of Chromium, and a service whose streams a test feeds."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.web.browser import Tab, chromium, new_tab
from tests.web.serving import Served, serving


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def tab(browser: Browser) -> Tab:
    return await new_tab(browser)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as served:
        yield served

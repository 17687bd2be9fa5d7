"""Undoing a verdict that was sent: another review says what the one before it said, and the trail keeps all of them."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web.browser import SOON_S, Tab, new_tab
from tests.web.serving import Served, bearer, new_key, serving
from tests.web.viewer.incidents import stored
from tests.web.viewer.pages import opened
from tests.web.viewer.test_incidents import review, reviewed, sign_in
from web.access.scopes import Scope

pytestmark = pytest.mark.browser

_PAST_HOLD_MS = 7000


async def _trail(served: Served, incident: dict[str, Any]) -> list[str]:
    """What was said of it, newest first."""
    found = (await served.get(f"/v1/incidents/{incident['id']}/reviews"))["reviews"]
    return [one["verdict"] for one in found]


async def _one(served: Served) -> dict[str, Any]:
    """An incident that is over, and in the store alone."""
    (kept,) = await stored(served, 1)
    return await served.get(f"/v1/incidents/{kept.incident.id}")


async def _decide(page: Page, served: Served, incident: dict[str, Any], key: str, verdict: str) -> None:
    """Give a verdict by its key, and have it sent."""
    await page.keyboard.press(key)
    await expect(page.locator("#waiting")).to_be_visible()
    await page.clock.fast_forward(_PAST_HOLD_MS)
    await reviewed(served, incident, verdict)
    await expect(page.locator(".detail-said")).not_to_contain_text("not sent yet")


async def _opened(tab: Tab, served: Served, incident: dict[str, Any]) -> Page:
    await tab.page.clock.install()
    page = await opened(tab, served.url, f"#/incidents/{incident['id']}")
    await expect(page.get_by_role("heading", name="Incident on lobby")).to_be_visible()
    return page


async def test_verdicts_that_were_sent_are_undone_one_after_the_other(tab: Tab, served: Served) -> None:
    incident = await _one(served)
    path = f"/v1/incidents/{incident['id']}/review"
    async with served.http.post(path, json={"verdict": "confirmed", "note": "Look at the left."}) as response:
        assert response.status == 200
    page = await _opened(tab, served, incident)
    await _decide(page, served, incident, "d", "dismissed")
    await _decide(page, served, incident, "c", "confirmed")

    await page.keyboard.press("u")
    await expect(page.locator(".notice").last).to_contain_text("It is dismissed again.")
    await reviewed(served, incident, "dismissed")
    await page.keyboard.press("u")
    await expect(page.locator(".notice").last).to_contain_text("It is confirmed again.")
    now = await reviewed(served, incident, "confirmed")
    assert now["review"]["note"] == "Look at the left."
    await expect(page.locator(".detail-trail li")).to_have_count(5)
    await page.keyboard.press("u")
    await expect(page.locator("#said")).to_contain_text("Nothing is left to undo.")
    assert await _trail(served, incident) == ["confirmed", "dismissed", "confirmed", "dismissed", "confirmed"]
    assert tab.complaints == []


async def test_who_undoes_while_it_is_being_sent_undoes_that_one(tab: Tab, served: Served) -> None:
    incident = await _one(served)
    await review(served, incident, "confirmed")
    page = await _opened(tab, served, incident)
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        asked.set()
        await let_go.wait()
        await route.continue_()

    await page.route("**/review", slow)
    await page.keyboard.press("d")
    await page.clock.fast_forward(_PAST_HOLD_MS)
    await asyncio.wait_for(asked.wait(), SOON_S)
    await page.keyboard.press("u")
    let_go.set()
    await expect(page.locator(".notice").last).to_contain_text("It is confirmed again.")
    await reviewed(served, incident, "confirmed")
    await expect(page.locator(".detail-trail li")).to_have_count(3)
    assert await _trail(served, incident) == ["confirmed", "dismissed", "confirmed"]


async def test_an_undo_that_fails_is_said_and_can_be_tried_again(tab: Tab, served: Served) -> None:
    incident = await _one(served)
    await review(served, incident, "confirmed")
    page = await _opened(tab, served, incident)
    await _decide(page, served, incident, "d", "dismissed")
    await page.route("**/review", lambda route: route.abort())
    await page.keyboard.press("u")
    await expect(page.locator(".notice.problem")).to_contain_text("Your verdict was not taken.")
    assert await _trail(served, incident) == ["dismissed", "confirmed"]
    await page.unroute("**/review")
    await page.keyboard.press("u")
    await reviewed(served, incident, "confirmed")


async def test_what_somebody_else_said_since_then_is_not_undone(browser: Browser) -> None:
    async with serving(keyed=True) as served:
        ann = bearer(await new_key(served.store, Scope.ADMIN, name="Ann"))
        mine = await new_key(served.store, Scope.ADMIN, name="Ben")
        await served.access.refresh()
        incident = await _one(served)
        await review(served, incident, "confirmed")
        tab = await new_tab(browser)
        page = tab.page
        await page.clock.install()
        await page.goto(f"{served.url}/#/incidents/{incident['id']}")
        await sign_in(page, mine)
        await expect(page.get_by_role("heading", name="Incident on lobby")).to_be_visible()
        await _decide(page, served, incident, "d", "dismissed")
        await review(served, incident, "dismissed", **ann)
        await page.keyboard.press("u")
        await expect(page.locator(".notice.problem")).to_contain_text("Dismissed by Ann")
        assert await _trail(served, incident) == ["dismissed", "dismissed", "confirmed"]


async def test_a_first_verdict_that_was_sent_stays(tab: Tab, served: Served) -> None:
    incident = await _one(served)
    page = await _opened(tab, served, incident)
    await _decide(page, served, incident, "d", "dismissed")
    for _ in range(2):
        await page.keyboard.press("u")
        await expect(page.locator(".notice").last).to_contain_text("Reviews are kept and none can be unset")
    assert await _trail(served, incident) == ["dismissed"]
    await _decide(page, served, incident, "c", "confirmed")
    await page.keyboard.press("u")
    await reviewed(served, incident, "dismissed")

"""What happens while the connection is away is not lost, and told when it is back."""

import re

import pytest
from playwright.async_api import expect

from inference.events import MediaStalled
from tests.web.browser import Tab
from tests.web.delivery.journals import MemoryJournal
from tests.web.serving import Served, serving
from tests.web.viewer.pages import Sockets, opened

pytestmark = pytest.mark.browser


async def test_incidents_while_disconnected_are_counted_and_there(tab: Tab, served: Served) -> None:
    sockets = Sockets()
    await sockets.between(tab.page)
    stream = await served.add(name="lobby")
    source = await served.pool.source()
    source.live()
    page = await opened(tab, served.url)
    for position_s in range(4):
        source.sample(float(position_s), 0.9)
    tile = page.get_by_role("link", name="lobby")
    await expect(tile).to_contain_text("Incident")
    await expect(page.locator("#link")).to_have_attribute("data-link", "open")

    await sockets.cut()
    await expect(page.locator("#link")).to_contain_text("No live events: the connection was lost.")
    for position_s in range(4, 40):
        source.sample(float(position_s), 0.9 if position_s % 12 < 4 else 0.05)
    await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == 40)
    sockets.refused = False

    notice = page.locator(".notice")
    await expect(notice).to_contain_text("3 incidents while disconnected.")
    await expect(page.locator("#link")).to_have_text("Connected")
    await expect(notice.get_by_role("link", name="Show")).to_have_attribute(
        "href", re.compile(r"^#/incidents\?since=2")
    )
    await tile.click()
    await expect(page.locator("#incidents li")).to_have_count(4)
    await expect(page.locator("#log")).to_contain_text("Incident ended")


async def test_that_events_cannot_be_stored_is_told_and_so_is_that_they_can_be_again(tab: Tab) -> None:
    journal = MemoryJournal()
    async with serving(journal=journal) as served:
        page = await opened(tab, served.url)
        await expect(page.locator("#link")).to_have_attribute("data-link", "open")
        journal.works = False
        served.hub.publish("str_a", "med_a", MediaStalled("silent"))
        notices = page.locator(".notice")
        await expect(notices).to_have_text(re.compile("Events cannot be stored: The disk is full"))
        journal.works = True
        await expect(notices.nth(1)).to_contain_text("Events are stored again")


async def test_quiet_time_away_is_told_as_quiet(tab: Tab, served: Served) -> None:
    sockets = Sockets()
    await sockets.between(tab.page)
    page = await opened(tab, served.url)
    await sockets.cut()
    await expect(page.locator("#link")).to_contain_text("No live events")
    sockets.refused = False
    await expect(page.locator(".notice")).to_contain_text("No incident while disconnected.")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.locator(".notice")).to_have_count(0)


async def test_incident_that_ended_while_away_is_over_although_no_event_told_so(tab: Tab, served: Served) -> None:
    sockets = Sockets()
    await sockets.between(tab.page)
    stream = await served.add(name="lobby")
    source = await served.pool.source()
    source.live()
    for position_s in range(3):
        source.sample(float(position_s), 0.9)
    await served.until("/v1/incidents", lambda answer: bool(answer["incidents"]))
    page = await opened(tab, served.url)
    tile = page.get_by_role("link", name="lobby")
    await expect(tile).to_contain_text("Incident")
    await sockets.cut()
    for position_s in range(3, 12):
        source.sample(float(position_s), 0.05)
    await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == 12)
    sockets.refused = False
    await expect(page.locator(".notice")).to_contain_text("No incident while disconnected.")
    await expect(page.locator("#counts")).to_contain_text("no incident running")

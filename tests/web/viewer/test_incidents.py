"""The queue of incidents as a moderator works through it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.browser import Tab, new_tab
from tests.web.serving import Served, bearer, new_key, serving
from tests.web.viewer.incidents import flagged, stored, streaming, told
from tests.web.viewer.pages import Sockets, opened
from web.access.scopes import Scope

pytestmark = pytest.mark.browser


def rows(page: Page) -> Any:
    return page.locator("#queue [role=option]")


async def verdict(served: Served, incident: dict[str, Any]) -> str | None:
    review = (await served.get(f"/v1/incidents/{incident['id']}"))["review"]
    return None if review is None else str(review["verdict"])


async def reviewed(served: Served, incident: dict[str, Any], word: str) -> dict[str, Any]:
    """The incident, once its newest review says this."""
    path = f"/v1/incidents/{incident['id']}"
    return await served.until(path, lambda answer: (answer["review"] or {}).get("verdict") == word)


async def review(served: Served, incident: dict[str, Any], word: str, **headers: str) -> None:
    path = f"/v1/incidents/{incident['id']}/review"
    async with served.http.post(path, json={"verdict": word}, headers=headers) as response:
        assert response.status == 200


async def sign_in(page: Page, credentials: str) -> None:
    await page.get_by_label("API user and secret").fill(credentials)
    await page.keyboard.press("Enter")
    await expect(page.locator("#link")).to_have_text("Connected")


async def test_an_incident_rises_and_is_reviewed_undone_and_reviewed_again_by_keyboard(
    tab: Tab, served: Served
) -> None:
    source = await streaming(served)
    page = await opened(tab, served.url, "#/incidents")
    await expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_visible()
    flagged(source, 1.0, lasts=True)
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("lobby")
    await expect(rows(page)).to_contain_text("Incident")
    (incident,) = await told(served, state="open")

    await page.keyboard.press("c")
    await expect(page.locator("#waiting")).to_contain_text("Confirmed: lobby, peak 0.90. Sent in")
    await expect(page.locator("#said")).to_contain_text("Confirmed: lobby, peak 0.90. U undoes.")
    await expect(rows(page)).to_have_count(0)
    await page.keyboard.press("u")
    await expect(rows(page)).to_have_count(1)
    await expect(page.locator("#waiting")).to_be_hidden()
    await expect(page.locator("#said")).to_contain_text("Undone: lobby")
    assert await verdict(served, incident) is None

    await page.keyboard.press("d")
    await expect(rows(page)).to_have_count(0)
    await reviewed(served, incident, "dismissed")
    await expect(page.locator("#waiting")).to_be_hidden()
    await page.keyboard.press("u")
    await expect(page.locator(".notice")).to_contain_text("lobby, peak 0.90 had no verdict before yours")
    await expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_visible()
    assert len((await served.get(f"/v1/incidents/{incident['id']}/reviews"))["reviews"]) == 1
    assert tab.complaints == []


async def test_keys_and_pointer_go_through_the_list_and_focus_stays(tab: Tab, served: Served) -> None:
    kept = await stored(served, 3, names=("one", "two", "three"))
    page = await opened(tab, served.url, "#/incidents")
    await expect(rows(page)).to_have_count(3)
    chosen = page.locator("[role=option][aria-selected=true]")
    await expect(chosen).to_contain_text("three")
    await page.keyboard.press("j")
    await expect(chosen).to_contain_text("two")
    await page.get_by_role("button", name="Next").click()
    await expect(chosen).to_contain_text("one")
    await page.keyboard.press("ArrowUp")
    await expect(chosen).to_contain_text("two")
    await page.locator("#queue").focus()
    await page.keyboard.press("Home")
    await expect(chosen).to_contain_text("three")
    await expect(page.locator("#queue")).to_have_attribute("aria-activedescendant", f"row-{kept[2].incident.id}")

    dismiss = page.get_by_role("button", name="Dismiss")
    await dismiss.click()
    await expect(chosen).to_contain_text("two")
    await expect(dismiss).to_be_focused()
    await page.get_by_role("button", name="Undo").click()
    await expect(chosen).to_contain_text("three")
    await rows(page).filter(has_text="one").click()
    await expect(page.get_by_role("heading", level=2)).to_have_text("one")


async def test_single_keys_do_not_leak_into_a_note(tab: Tab, served: Served) -> None:
    await stored(served, 2)
    page = await opened(tab, served.url, "#/incidents")
    await expect(rows(page)).to_have_count(2)
    await page.keyboard.press("n")
    await expect(page.get_by_role("textbox", name="Note", exact=True)).to_be_focused()
    await page.keyboard.type("c d u j v: ketchup")
    await expect(rows(page)).to_have_count(2)
    await page.get_by_role("button", name="Dismiss with it").click()
    await expect(rows(page)).to_have_count(1)
    incident = (await served.until("/v1/incidents?verdict=dismissed", lambda answer: bool(answer["incidents"])))[
        "incidents"
    ][0]
    assert incident["review"]["note"] == "c d u j v: ketchup"
    await page.goto(f"{served.url}/#/incidents/{incident['id']}")
    await expect(page.get_by_role("heading", name="Incident on lobby")).to_be_visible()
    trail = page.locator(".detail-trail li")
    await expect(trail).to_have_count(1)
    await page.keyboard.press("c")
    await expect(page.locator(".detail-said")).to_have_text("Confirmed by you, not sent yet")
    await expect(trail).to_have_count(2)
    await expect(trail.nth(1)).to_contain_text("ketchup")
    await expect(page.get_by_role("link", name="Stream")).to_have_attribute("href", f"#/streams/{incident['stream']}")
    await expect(page.get_by_role("link", name="Report")).to_have_attribute(
        "href", f"#/media/{incident['media']}/report"
    )
    assert tab.complaints == []


async def test_leaving_sends_what_waits(tab: Tab, served: Served) -> None:
    await stored(served, 2)
    page = await opened(tab, served.url, "#/incidents")
    first, second = await told(served, 2)
    for incident in (first, second):
        await page.goto(f"{served.url}/#/incidents/{incident['id']}")
        await expect(page.get_by_role("heading", name="Incident on lobby")).to_be_visible()
        await page.keyboard.press("c")
        await expect(page.locator("#waiting")).to_be_visible()
        if incident is first:
            await page.keyboard.type("gw")  # one after the other: the second counts for a moment only
        else:
            await page.goto("about:blank")
        await reviewed(served, incident, "confirmed")


async def test_what_somebody_else_reviews_leaves_the_queue_and_is_not_overruled(browser: Browser) -> None:
    async with serving(keyed=True) as served:
        ann = bearer(await new_key(served.store, Scope.ADMIN, name="Ann"))
        mine = await new_key(served.store, Scope.ADMIN, name="Ben")
        await served.access.refresh()
        source = await streaming(served)
        for number in range(3):
            flagged(source, 10.0 * number + 1)
        first, second, _ = await told(served, 3)
        tab = await new_tab(browser)
        await tab.page.goto(f"{served.url}/#/incidents")
        page = tab.page
        await sign_in(page, mine)
        await expect(rows(page)).to_have_count(3)
        await review(served, first, "dismissed", **ann)
        await expect(rows(page)).to_have_count(2)
        await expect(page.locator("#said")).to_contain_text("Dismissed by Ann")

        await page.locator(f"#row-{second['id']}").click()
        await page.keyboard.press("c")
        await review(served, second, "dismissed", **ann)
        await expect(page.locator(".notice")).to_contain_text("somebody was faster")
        await expect(page.locator(".notice")).to_contain_text("Dismissed by Ann")
        assert await verdict(served, second) == "dismissed"


async def test_filters_are_in_the_address_and_what_they_leave_is_saved(
    tab: Tab, served: Served, tmp_path: Path
) -> None:
    await stored(served, 5, names=("=cmd()", "yard"))
    incident = (await served.get("/v1/incidents"))["incidents"][0]
    await review(served, incident, "confirmed")
    page = await opened(tab, served.url, "#/incidents?verdict=confirmed")
    await expect(rows(page)).to_have_count(1)
    await page.get_by_label("Review").select_option(label="All")
    await expect(page).to_have_url(f"{served.url}/#/incidents?verdict=any")
    await expect(rows(page)).to_have_count(5)
    streams = page.get_by_label("Stream", exact=True)
    await streams.focus()
    await streams.select_option(label="=cmd()")
    await expect(rows(page)).to_have_count(3)
    await expect(streams).to_be_focused()
    for kind in ("CSV", "JSON"):
        async with page.expect_download() as download:
            await page.get_by_role("button", name=f"Save as {kind}").click()
        await (await download.value).save_as(tmp_path / kind)
    table = list(csv.DictReader(io.StringIO((tmp_path / "CSV").read_text(), newline="")))
    assert [row["name"] for row in table] == ["'=cmd()"] * 3
    assert table[0]["verdict"] == "confirmed"
    assert json.loads((tmp_path / "JSON").read_text())[0]["id"] == incident["id"]
    await page.reload()
    await expect(rows(page)).to_have_count(3)
    await page.get_by_label("Began before").fill("2020-01-01T00:00:00")
    await page.get_by_label("Began before").blur()
    await expect(page.get_by_role("heading", name="No incident matches")).to_be_visible()
    await page.get_by_role("button", name="Show what waits for review").first.click()
    await expect(rows(page)).to_have_count(4)
    await expect(page).to_have_url(f"{served.url}/#/incidents")
    assert tab.complaints == []


async def test_names_of_streams_are_text(tab: Tab, served: Served) -> None:
    name = "<img src=x onerror=document.title='broken'>"
    (kept,) = await stored(served, 1, names=(name,))
    page = await opened(tab, served.url, "#/incidents")
    await expect(rows(page)).to_contain_text(name)
    await page.keyboard.press("d")
    await expect(page.locator("#waiting")).to_contain_text(name)
    await page.keyboard.press("u")
    await page.keyboard.press("n")
    await expect(page.get_by_role("dialog")).to_contain_text(name)
    await page.keyboard.press("Escape")
    await page.goto(f"{served.url}/#/incidents/{kept.incident.id}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Incident on {name}")
    await expect(page).to_have_title("Incident · gorewatch")
    assert await page.locator("img[src=x]").count() == 0
    assert tab.complaints == []


async def test_a_socket_that_was_cut_loses_no_incident(tab: Tab, served: Served) -> None:
    sockets = Sockets()
    await sockets.between(tab.page)
    source = await streaming(served)
    page = await opened(tab, served.url, "#/incidents")
    flagged(source, 1.0)
    await expect(rows(page)).to_have_count(1)
    await sockets.cut()
    await expect(page.locator("#link")).to_contain_text("No live events")
    for number in range(1, 4):
        flagged(source, 10.0 * number)
    await told(served, 4)
    sockets.refused = False
    await expect(rows(page)).to_have_count(4)
    await page.locator(".notice").get_by_role("link", name="Show").click()
    await expect(rows(page)).to_have_count(3)


async def test_ten_thousand_incidents_are_a_few_rows(tab: Tab, served: Served) -> None:
    await stored(served, 10_000)
    page = await opened(tab, served.url, "#/incidents")
    await expect(page.locator("#queue-count")).to_have_text("More than 200 wait for review")
    listing = page.locator("#queue")
    await listing.focus()
    await page.evaluate("""window.toTheEnd = setInterval(() => {
      const list = document.getElementById("queue");
      list.scrollTop = list.scrollHeight;
    }, 50)""")
    await expect(page.locator("#queue-count")).to_have_text("10,000 wait for review", timeout=120_000)
    await page.evaluate("clearInterval(window.toTheEnd)")
    await page.keyboard.press("End")
    chosen = page.locator("[role=option][aria-selected=true]")
    await expect(chosen).to_have_attribute("aria-posinset", "10000")
    await expect(chosen).to_be_in_viewport()
    assert await rows(page).count() < 60
    await page.keyboard.press("d")
    await expect(page.locator("#queue-count")).to_have_text("9,999 wait for review")
    await expect(chosen).to_have_attribute("aria-posinset", "9999")
    assert tab.complaints == []

"""The pure modules of the viewer's incidents: order, filters, what is known, files."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route

from tests.web.browser import Tab
from web import __file__ as web_file

pytestmark = pytest.mark.browser

_STATIC = Path(web_file).parent / "static"
_ORIGIN = "http://viewer.test"
_HELPERS = """
    const { ordered } = await import("/static/js/incidents/order.js");
    const filters = await import("/static/js/incidents/filters.js");
    const { QUEUE, filtersOf, hashOf, isQueue, localOf, matches, pathOf, stampOf } = filters;
    const { Known } = await import("/static/js/incidents/known.js");
    const { asCsv, asJson } = await import("/static/js/incidents/export.js");
    const one = (id, more = {}) => ({ id, start: 1, end: 2, peak: 0.6, peak_position: 1,
      stream: "str_1", name: "lobby", media: "med_1",
      state: "ended", started: "2026-11-22T17:00:00.000Z", picture: true, review: null, ...more });
    const at = (minutes) => new Date(Date.UTC(2026, 10, 22, 17, minutes)).toISOString();
    const review = (verdict, minutes, more = {}) =>
      ({ verdict, note: null, by: { key: "1", name: "Ann" }, at: at(minutes), ...more });
    const event = (id, peak, end = null) => ({ type: "gore.incident", subject: "med_1", time: at(0),
      data: { incident: { id, start: 1, end, peak, peak_position: 1 } } });
    const ids = (incidents) => incidents.map((incident) => incident.id);
    const any = () => true;
"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(tab: Tab) -> Page:
    await tab.page.route(f"{_ORIGIN}/**", _serve)
    await tab.page.goto(f"{_ORIGIN}/static/icon.svg")
    return tab.page


async def _serve(route: Route) -> None:
    await route.fulfill(path=_STATIC / route.request.url.removeprefix(f"{_ORIGIN}/static/"))


async def _run(page: Page, body: str) -> Any:
    return await page.evaluate(f"async () => {{ {_HELPERS} {body} }}")


async def test_lasting_ones_come_first_then_the_newest_and_worst(page: Page) -> None:
    order = await _run(
        page,
        """return ids(ordered([
             one("old", { started: at(0) }), one("new", { started: at(20) }),
             one("old and bad", { started: at(0), peak: 1 }),
             one("older and bad", { started: at(-15), peak: 1 }),
             one("lasts", { state: "open", end: null, started: at(-60), peak: 0.55 }),
             one("lasts and is worse", { state: "open", end: null, started: at(-90), peak: 0.8 })]));""",
    )
    assert order == ["lasts and is worse", "lasts", "old and bad", "new", "older and bad", "old"]


async def test_lasting_ones_do_not_fidget_with_every_peak(page: Page) -> None:
    orders = await _run(
        page,
        """const open = (id, peak) => one(id, { state: "open", end: null, peak });
           return [[0.71, 0.79], [0.79, 0.71], [0.85, 0.79]]
             .map(([a, b]) => ids(ordered([open("a", a), open("b", b)])));""",
    )
    assert orders == [["b", "a"], ["b", "a"], ["a", "b"]]


async def test_filters_are_an_address_and_back(page: Page) -> None:
    answers = await _run(
        page,
        """const given = { verdict: "any", state: "open", stream: "str_1", since: "2026-11-22T17:00:00Z", until: "" };
           const hash = hashOf(given);
           const back = filtersOf(new URLSearchParams(hash.split("?")[1]));
           const strange = filtersOf(new URLSearchParams("verdict=maybe&state=&more=1"));
           return [hash, JSON.stringify(back) === JSON.stringify(given), isQueue(strange), hashOf(QUEUE),
                   pathOf(given, { limit: 9 }), pathOf(QUEUE, { limit: 9, cursor: "inc_1" })];""",
    )
    assert answers == [
        "#/incidents?verdict=any&state=open&stream=str_1&since=2026-11-22T17%3A00%3A00Z",
        True,
        True,
        "#/incidents",
        "/v1/incidents?state=open&stream=str_1&since=2026-11-22T17%3A00%3A00Z&limit=9",
        "/v1/incidents?verdict=none&limit=9&cursor=inc_1",
    ]


async def test_an_incident_is_matched_as_the_service_does(page: Page) -> None:
    found = await _run(
        page,
        """const reviewed = one("a", { review: review("confirmed", 0) });
           return [[one("a"), {}], [reviewed, {}], [reviewed, { verdict: "confirmed" }], [reviewed, { verdict: "any" }],
                   [one("a"), { state: "open" }], [one("a"), { stream: "str_2" }], [one("a"), { since: at(0) }],
                   [one("a"), { since: at(1) }], [one("a"), { until: at(0) }], [one("a"), { until: at(1) }],
                   [one("a"), { since: String(Date.UTC(2026, 10, 22, 17) / 1000 + 1) }],
                   [one("a"), { since: "nonsense" }]]
             .map(([incident, more]) => matches(incident, { ...QUEUE, ...more }));""",
    )
    assert found == [True, False, True, True, False, False, True, False, False, True, False, True]


async def test_a_field_for_local_time_keeps_the_moment(page: Page) -> None:
    kept = await _run(
        page,
        """const stamp = "2026-11-22T17:40:03.000Z";
           return [stampOf(localOf(stamp)) === stamp, localOf(""), localOf("nonsense"), stampOf("")];""",
    )
    assert kept == [True, "", "", ""]


async def test_pages_say_what_left_the_list_and_whose_review_is_new(page: Page) -> None:
    told = await _run(
        page,
        """const known = new Known();
           const page = (incidents, more) => known.page(incidents, { asked: known.mark(), wanted: any, ...more });
           page(["e", "d", "c"].map((id) => one(id)), { next: "c" });
           page(["b", "a"].map((id) => one(id)), { cursor: "c", next: null });
           const first = page([one("e"), one("c", { review: review("dismissed", 1) })], { next: "c" });
           const again = page([one("e"), one("c", { review: review("dismissed", 1) })], { next: "c" });
           return [ids(first.gone), ids(first.changed), again, [...known.items.keys()].sort()];""",
    )
    assert told == [["d"], ["c"], {"gone": [], "changed": []}, ["a", "b", "c", "e"]]


async def test_what_an_event_told_meanwhile_outlives_an_older_answer(page: Page) -> None:
    told = await _run(
        page,
        """const known = new Known();
           const asked = known.mark();
           const isNew = known.event(event("x", 0.7), { stream: "str_1", name: "lobby" });
           const first = known.page([], { asked, wanted: any });
           known.event(event("x", 0.9, 8), { stream: "str_1", name: "lobby" });
           known.page([one("x", { state: "open", end: null, peak: 0.8 })], { asked: known.mark(), wanted: any });
           const { state, end, peak, picture } = known.items.get("x");
           const later = known.page([], { asked: known.mark(), wanted: any });
           return [isNew, first.gone, state, end, peak, picture, ids(later.gone)];""",
    )
    assert told == [True, [], "ended", 8, 0.9, True, ["x"]]


async def test_an_older_review_does_not_undo_a_newer_one(page: Page) -> None:
    verdict = await _run(
        page,
        """const known = new Known();
           known.put(one("a", { review: review("confirmed", 2) }));
           known.put(one("a", { review: review("dismissed", 1) }));
           known.put(one("a"));
           return known.items.get("a").review.verdict;""",
    )
    assert verdict == "confirmed"


async def test_a_csv_runs_nothing_and_reads_back(page: Page) -> None:
    strange = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", 'a "b", c', "two\r\nlines", "ünï", ""]
    text = await _run(
        page,
        f"""const notes = {strange};
            return asCsv(notes.map((note, n) => one(`inc_${{n}}`,
              {{ name: note, end: null, review: review("confirmed", 0, {{ note }}) }})));""",
    )
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["note"] for row in rows] == [f"'{note}" if n < 6 else note for n, note in enumerate(strange)]
    assert [row["name"] for row in rows] == [row["note"] for row in rows]
    assert rows[0]["peak"] == "0.6"
    assert (rows[0]["end_s"], rows[0]["reviewed_by"], rows[0]["verdict"]) == ("", "Ann", "confirmed")
    assert text.endswith("\r\n")
    assert len(await _run(page, "return JSON.parse(asJson([one('a'), one('b')]));")) == 2

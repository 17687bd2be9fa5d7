"""The viewer's pure modules on their own: what events and answers make of the page's state, and bounded memory."""

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
    const { initial, reduce, listed, openIncident, LOG_LIMIT, FINAL_LIMIT } = await import("/static/js/state.js");
    const { Series, pointsOf, thin, MAX_POINTS } = await import("/static/js/series.js");
    const { dropped, position } = await import("/static/js/format.js");
    const event = (type, data = {}, subject = "med_1") =>
      ({ type: "events", events: [{ id: "1", type, source: "/v1/streams/str_1", subject, data }] });
    const reading = (at, prob) => ({ position: at, gore: { prob }, raw: { prob }, latency: 0.05 });
    const incident = (state, id, start, end, peak) => event("gore.incident",
      { ...reading(end ?? start, peak), state, incident: { id, start, end, peak, peak_position: start } });
    const added = { type: "stream", stream: { id: "str_1", name: "one", state: "connecting", media: "med_1" } };
    const after = (...actions) => actions.reduce(reduce, initial());
    const one = (state) => state.streams.get("str_1");
"""


_NEED = """
    const { need, settled, ordered, matches } = await import("/static/js/wall/need.js");
    const stream = (id, prob, rise = 0, state = "live", incident = false) =>
      ({ id, name: id, url: "", prob, rise, state, incidents: incident ? [{ id: "inc", start: 0, end: null }] : [] });
    const needs = (streams) => new Map(streams.map((one) => [one.id, need(one, one.rise)]));
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


async def test_incident_told_twice_is_one(page: Page) -> None:
    incidents = await _run(
        page,
        """const state = after(added,
             incident("started", "inc_1", 3, null, 0.6), incident("peak", "inc_1", 3, null, 0.8),
             { type: "detail", id: "str_1", summary: { incidents: [{ id: "inc_1", start: 3, end: null, peak: 0.7 }] } },
             incident("ended", "inc_1", 3, 9, 0.8),
             { type: "detail", id: "str_1", summary: { incidents: [{ id: "inc_0", start: 1, end: 2, peak: 0.5 }] } });
           return [one(state).incidents, openIncident(one(state))];""",
    )
    assert [(i["id"], i["start"], i["end"]) for i in incidents[0]] == [("inc_1", 3, 9), ("inc_0", 1, 2)]
    assert incidents[1] is None


async def test_list_asked_for_before_the_end_does_not_bring_a_stream_back(page: Page) -> None:
    summary = {"status": "success", "gore": {"prob": 0.9}}
    state = await _run(
        page,
        f"""const state = after(added, event("media.started"), event("media.finished", {{ summary: {summary} }}),
              {{ type: "snapshot", streams: [{{ ...added.stream, state: "live" }}], asked: 0 }});
            return [one(state).state, one(state).summary, listed(state).final.length];""",
    )
    assert state == ["ended", summary, 1]


async def test_list_drops_what_is_gone_and_keeps_what_came_meanwhile(page: Page) -> None:
    names = await _run(
        page,
        """const old = after(added);
           const asked = old.revision;
           const more = reduce(old, { type: "stream", stream: { id: "str_2", name: "two", state: "live" } });
           const state = reduce(more, { type: "snapshot", streams: [], asked });
           return [...state.streams.values()].map((stream) => stream.name);""",
    )
    assert names == ["two"]


async def test_incident_that_ran_before_the_page_was_opened_is_known(page: Page) -> None:
    running = await _run(
        page,
        """const open = { id: "inc_1", stream: "str_1", media: "med_1", start: 3, end: null, peak: 0.7 };
           const other = { ...open, id: "inc_2", media: "med_0" };
           return openIncident(one(after(added, { type: "incidents", incidents: [open, other] })));""",
    )
    assert running["id"] == "inc_1"


async def test_new_media_starts_with_a_clean_sheet(page: Page) -> None:
    stream = await _run(
        page,
        """return one(after(added, incident("started", "inc_1", 3, null, 0.6),
             event("media.failed", { error: { code: "x" } }),
             event("media.started", { codec: "h264", width: 640, height: 360, fps: 25 }, "med_2")));""",
    )
    assert (stream["state"], stream["incidents"], stream["error"], stream["codec"]) == ("live", [], None, "h264")


async def test_stream_known_from_an_event_alone_is_not_listed_before_it_has_a_name(page: Page) -> None:
    counts = await _run(
        page,
        """const state = after(event("gore.prob", reading(1, 0.1)));
           return [listed(state).active.length, listed(reduce(state, added)).active[0].prob];""",
    )
    assert counts == [0, 0.1]


async def test_memory_is_bounded(page: Page) -> None:
    sizes = await _run(
        page,
        """let state = after(added);
           for (let n = 0; n < 2 * LOG_LIMIT; n += 1) {
             state = reduce(state, event("media.stalled", { reason: String(n) }));
           }
           for (let n = 0; n < FINAL_LIMIT + 50; n += 1) {
             const id = `str_9${String(n).padStart(4, "0")}`;
             state = reduce(state, { type: "stream", stream: { id, name: id, state: "ended" } });
           }
           const dense = new Series();
           for (let n = 0; n < 20_000; n += 1) dense.add(n / 100, 0.5, 0.5);
           const sparse = new Series();
           for (let n = 0; n < 20_000; n += 1) sparse.add(n, 0.5, 0.5);
           return [state.log.length === LOG_LIMIT, listed(state).final.length === FINAL_LIMIT,
             dense.x.length <= MAX_POINTS, dense.last,
             sparse.x.length <= 1400, sparse.x.length >= 1200, sparse.last];""",
    )
    assert sizes == [True, True, True, 199.99, True, True, 19_999]


async def test_thinning_keeps_the_peak(page: Page) -> None:
    highest = await _run(
        page,
        """const point = (position) => ({ position, raw: position === 12_345 ? 0.99 : 0.1, prob: 0.1 });
           const points = Array.from({ length: 30_000 }, (_, n) => point(n));
           const series = new Series();
           series.add(40_000, 0.2, 0.2);
           series.load(points);
           return [Math.max(...series.raw), series.last, series.x.length <= MAX_POINTS + 1];""",
    )
    assert highest == [0.99, 40_000, True]


async def test_stored_and_live_points_join_in_order(page: Page) -> None:
    x = await _run(
        page,
        """const series = new Series();
           series.add(4, 0.1, 0.1); series.add(5, 0.1, 0.1); series.add(5, 0.2, 0.2); series.add(3, 0.9, 0.9);
           const stored = [[2, null, 0.3], [1, 0.2, 0.2], [4, 0.1, 0.1]];
           series.load(pointsOf(stored.map(([position, raw, prob]) => ({ position, raw, prob }))));
           return [series.x, series.raw];""",
    )
    assert x == [[1, 2, 4, 5], [0.2, None, 0.1, 0.2]]


async def test_scores_do_not_push_the_rest_out_of_the_log(page: Page) -> None:
    log = await _run(
        page,
        """const types = ["media.stalled", "gore.prob", "media.resumed"];
           const events = types.map((type) => event(type, reading(1, 0.1)).events[0]);
           return after(added, { type: "events", events }).log.map((entry) => [entry.seq, entry.type]);""",
    )
    assert log == [[2, "media.resumed"], [1, "media.stalled"]]


async def test_stream_that_a_page_shows_stays_however_old(page: Page) -> None:
    names = await _run(
        page,
        """let state = reduce(after(added, { type: "pin", id: "str_1" }), event("media.finished"));
           state = reduce(state, { type: "snapshot", streams: [] });
           const first = one(state).name;
           state = reduce(reduce(state, { type: "pin", id: null }), { type: "snapshot", streams: [] });
           return [first, one(state) ?? null];""",
    )
    assert names == ["one", None]


async def test_hash_names_a_page_and_what_it_is_about(page: Page) -> None:
    pages = await _run(
        page,
        """const { match } = await import("/static/js/routes.js");
           return ["", "#/", "#/streams/str_1", "#/streams/", "#/incidents?since=a%26b", "#/incidents/inc_1",
                   "#/media/m/report", "#/streams/%E0%A4%A", "#main", "#/nowhere"].map((hash) => {
             const route = match(hash);
             return route && [route.page, route.params, [...route.query]];
           });""",
    )
    assert pages == [
        ["wall", {}, []],
        ["wall", {}, []],
        ["stream", {"id": "str_1"}, []],
        None,
        ["incidents", {}, [["since", "a&b"]]],
        ["incidents", {"id": "inc_1"}, []],
        ["report", {"id": "m"}, []],
        None,
        None,
        None,
    ]


async def test_who_needs_somebody_comes_first(page: Page) -> None:
    order = await _run(
        page,
        f"""{_NEED}
           const streams = [stream("calm", 0.1), stream("rising", 0.3, 0.4), stream("high", 0.6),
             stream("lost", 0.1, 0, "stalled"), stream("incident", 0.2, 0, "live", true),
             stream("worse", 0.9, 0, "live", true)];
           return ordered([], settled(new Map(), needs(streams)));""",
    )
    assert order == ["worse", "incident", "rising", "high", "lost", "calm"]


async def test_small_changes_move_no_tile(page: Page) -> None:
    orders = await _run(
        page,
        f"""{_NEED}
           const first = settled(new Map(), needs([stream("a", 0.30), stream("b", 0.25), stream("c", 0.20)]));
           const near = settled(first, needs([stream("a", 0.20), stream("b", 0.35), stream("c", 0.29)]));
           const far = settled(near, needs([stream("a", 0.20), stream("b", 0.35), stream("c", 0.50)]));
           const order = ordered([], first);
           const equal = new Map([["a", 0], ["b", 0], ["c", 0]]);
           return [ordered(order, near), ordered(order, far), ordered(["c", "a", "b"], equal)];""",
    )
    assert orders == [["a", "b", "c"], ["c", "a", "b"], ["c", "a", "b"]]


async def test_tiles_stay_under_the_pointer_until_it_rests(page: Page) -> None:
    answers = await _run(
        page,
        """const { maySort, kept, PAUSE_MS } = await import("/static/js/wall/need.js");
           const over = { inside: true, movedAtMs: 50_000, sortedAtMs: 0, nowMs: 55_000 };
           const at = (changes) => maySort({ ...over, ...changes });
           return [at({}), at({ inside: false }), at({ nowMs: 50_000 + PAUSE_MS }),
                   at({ inside: false, sortedAtMs: 54_500 }), kept(["a", "b", "c"], ["d", "c", "a"])];""",
    )
    assert answers == [False, True, True, False, ["a", "c", "d"]]


async def test_words_are_looked_for_in_name_and_address(page: Page) -> None:
    found = await _run(
        page,
        f"""{_NEED}
           const door = {{ ...stream("a", 0.1), name: "Front Door", url: "rtsp://cam.example/7" }};
           const stalled = {{ ...door, state: "stalled" }};
           return [[door, "door"], [door, "DOOR cam"], [door, "back"], [stalled, "", "trouble"], [door, "", "trouble"],
                   [door, "", "incident"], [{{ ...door, state: "ended" }}, ""]]
             .map(([s, text, show = "running"]) => matches(s, {{ text, show }}));""",
    )
    assert found == [True, True, False, True, False, False, False]


async def test_numbers_read_well(page: Page) -> None:
    texts = await _run(
        page, "return [position(59.9), position(3725), position(null), dropped(0), dropped({ stale: 1200, late: 1 })];"
    )
    assert texts == ["0:59", "1:02:05", "–", "0", "1,201 (stale 1,200, late 1)"]

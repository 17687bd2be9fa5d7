"""A page that is left open: through ten thousand events, and with somebody who is not looking."""

from functools import partial

import pytest
from playwright.async_api import Page, expect

from tests.until import until
from tests.web.browser import Tab
from tests.web.fakes import FakeSource
from tests.web.serving import Served
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser

_ROUND = 5000
_AT_ONCE = 100
_SHOWN = "() => document.querySelectorAll('*').length"
_COUNT = """
  let wanted = Infinity, enough;
  window.received = 0;
  window.until = (count) => new Promise((done) => { [wanted, enough] = [count, done]; look(); });
  const look = () => received >= wanted && enough();
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", () => { received += 1; look(); });
    }
  };
"""
"""Counts messages in the page itself: to bring ten thousand of them out of it costs more than the page does."""
_GROWN_MB = 6.0
"""What two rounds may differ by: how far the heap was collected."""


async def test_ten_thousand_events_leave_no_memory_behind(tab: Tab, served: Served) -> None:
    await tab.page.add_init_script(_COUNT)
    stream = await served.add(name="lobby", policy={"event_interval": 0.01})
    source = await served.pool.source()
    source.live()
    source.sample(0.0, 0.1)
    page = await opened(tab, served.url, f"#/streams/{stream['id']}")
    await expect(page.locator("#now-prob")).to_contain_text("0.1")
    first = await _after(page, source, from_number=1)
    second = await _after(page, source, from_number=1 + _ROUND)
    assert await page.evaluate("received") >= 2 * _ROUND
    assert second["nodes"] <= first["nodes"] + 50
    assert second["mb"] <= first["mb"] + _GROWN_MB
    assert tab.complaints == []


async def _after(page: Page, source: FakeSource, *, from_number: int) -> dict[str, float]:
    """The size of the page after a round of events, half a second of media apart, some of them incidents."""
    for first in range(from_number, from_number + _ROUND, _AT_ONCE):
        # Each is waited for: scores that wait for a slow reader are merged.
        received = await page.evaluate("received")
        for number in range(first, first + _AT_ONCE):
            source.sample(number / 2, 0.9 if number % 2500 < 20 else 0.1)
        await page.evaluate("(count) => until(count)", received + _AT_ONCE)
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    used = await session.send("Runtime.getHeapUsage")
    await session.detach()
    return {"mb": used["usedSize"] / 1e6, "nodes": await page.evaluate(_SHOWN)}


async def test_incident_is_told_by_sound_and_notification_if_switched_on(tab: Tab, served: Served) -> None:
    await tab.page.add_init_script("""
      window.told = [];
      window.Notification = class {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title, options) { told.push([title, options.body]); }
      };
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (at) { told.push("tone"); return start.call(this, at); };
    """)
    await served.add(name="lobby")
    source = await served.pool.source()
    source.live()
    source.sample(0.0, 0.1)
    page = await opened(tab, served.url)
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Show a notification of the browser").check()
    await page.get_by_label("Play a sound").check()
    assert await page.evaluate("told.splice(0)") == ["tone", "tone"], "what it sounds like is heard at once"
    await page.get_by_role("button", name="Close").click()
    for position_s in (1.0, 2.0, 3.0):
        source.sample(position_s, 0.9)
    # Not by `wait_for_function`, which evaluates text in the page: its policy refuses that.
    await until(partial(page.evaluate, "told.length >= 3"), every_s=0.05)
    told = await page.evaluate("told")
    assert told[0][0] == "Incident on lobby"
    assert told[1:] == ["tone", "tone"]


async def test_refused_notification_is_told_and_stays_off(tab: Tab, served: Served) -> None:
    await tab.page.add_init_script("Notification.requestPermission = async () => 'denied'")
    page = await opened(tab, served.url)
    await page.get_by_role("button", name="Settings").click()
    box = page.get_by_label("Show a notification of the browser")
    await box.click()
    await expect(page.get_by_role("alert")).to_have_text(
        "The browser refuses notifications of this page; allow them in its settings."
    )
    await expect(box).not_to_be_checked()

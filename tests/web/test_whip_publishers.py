"""WHIP with publishers that people have: a browser, and FFmpeg's own muxer."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.media import write_video
from tests.servers.certificate import write_certificate
from tests.servers.service import Service, running_service
from tests.web.browser import new_tab

_PUBLISH = """async ({url, trickle}) => {
  const canvas = document.createElement("canvas");
  canvas.width = 320; canvas.height = 240;
  const paint = canvas.getContext("2d");
  setInterval(() => {
    paint.fillStyle = `hsl(${performance.now() / 20 % 360} 80% 50%)`;
    paint.fillRect(0, 0, 320, 240);
  }, 50);
  const peer = window.peer = new RTCPeerConnection({iceServers: []});
  peer.addTransceiver(canvas.captureStream(20).getVideoTracks()[0], {direction: "sendonly"});
  const gathered = new Promise(done => peer.addEventListener("icecandidate", event => event.candidate || done()));
  const later = window.later = [];
  peer.addEventListener("icecandidate", event => event.candidate && later.push(event.candidate.candidate));
  await peer.setLocalDescription(await peer.createOffer());
  const early = peer.localDescription.sdp;
  await gathered;
  const body = trickle ? early.replace(/^a=(candidate:.*|end-of-candidates)\\r\\n/gm, "") : peer.localDescription.sdp;
  const answer = await fetch(url, {method: "POST", headers: {"Content-Type": "application/sdp"}, body});
  if (answer.status !== 201) return {status: answer.status};
  window.answer = await answer.text();
  window.session = new URL(answer.headers.get("Location"), url).href;
  window.etag = answer.headers.get("ETag");
  const result = {status: answer.status, location: answer.headers.get("Location")};
  if (trickle) {
    const lines = ["a=mid:0", ...later.map(line => "a=" + line), "a=end-of-candidates", ""];
    const patched = await fetch(session, {method: "PATCH", body: lines.join("\\r\\n"),
      headers: {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag}});
    result.patched = patched.status;
  }
  await peer.setRemoteDescription({type: "answer", sdp: window.answer});
  return result;
}"""

_RESTART = """async () => {
  const lines = [];
  const gathered = new Promise(done => peer.addEventListener("icecandidate", event => {
    event.candidate ? lines.push("a=" + event.candidate.candidate) : done();
  }));
  await peer.setLocalDescription(await peer.createOffer({iceRestart: true}));
  const sdp = peer.localDescription.sdp;
  const ufrag = sdp.match(/^a=ice-ufrag:(.*)$/m)[1].trim(), pwd = sdp.match(/^a=ice-pwd:(.*)$/m)[1].trim();
  await gathered;
  const body = [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${pwd}`, "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", ...lines, ""];
  const answer = await fetch(session, {method: "PATCH", body: body.join("\\r\\n"),
    headers: {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}});
  const fragment = await answer.text();
  if (answer.status !== 200) return {status: answer.status, fragment};
  const now = {};
  for (const name of ["ice-ufrag", "ice-pwd"]) {
    now[name] = fragment.match(new RegExp(`^a=${name}:(.*)$`, "m"))[1].trim();
  }
  let renewed = window.answer.replace(/^a=(candidate:.*|end-of-candidates)\\r\\n/gm, "");
  for (const name in now) renewed = renewed.replace(new RegExp(`^a=${name}:.*$`, "gm"), `a=${name}:${now[name]}`);
  await peer.setRemoteDescription({type: "answer", sdp: renewed});
  for (const line of fragment.match(/^a=candidate:.*$/gm))
    await peer.addIceCandidate({candidate: line.slice(2).trim(), sdpMid: "0"});
  return {status: 200, etag: answer.headers.get("ETag"), before: etag};
}"""

_PAIR = """async () => {
  const stats = [...(await peer.getStats()).values()];
  const transport = stats.find(one => one.type === "transport");
  const pair = stats.find(one => one.id === transport.selectedCandidatePairId);
  const local = stats.find(one => one.id === pair?.localCandidateId);
  return {state: peer.iceConnectionState, local: local?.usernameFragment};
}"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with running_service(folder, "--workers", "1", env={"GOREWATCH_POLICY__RECONNECT_FOR": "20"}) as started:
        yield started


def _stream(service: Service, name: str) -> dict[str, Any]:
    answer = service.request("GET", "/v1/streams")[1]
    found = [stream for stream in answer["streams"] if stream["name"] == name]
    assert isinstance(found[-1], dict)
    return found[-1]


def _until(service: Service, name: str, *, samples: int) -> dict[str, Any]:
    """The stream, once it is live and has that many samples."""
    service.wait_for(
        "/v1/streams",
        lambda answer: any(
            one["name"] == name and one["state"] == "live" and one["samples"] >= samples for one in answer["streams"]
        ),
    )
    return _stream(service, name)


async def _page(browser: Browser, service: Service) -> Page:
    tab = await new_tab(browser, bypass_csp=True)
    await tab.page.goto(service.url)
    return tab.page


@pytest.mark.browser
async def test_a_browser_trickles_restarts_ice_and_goes_on(browser: Browser, service: Service) -> None:
    page = await _page(browser, service)
    published = await page.evaluate(_PUBLISH, {"url": f"{service.url}/whip/restarts", "trickle": True})
    assert (published["status"], published["patched"]) == (201, 204)
    before = _until(service, "restarts", samples=2)
    first = await page.evaluate(_PAIR)
    restarted = await page.evaluate(_RESTART)
    assert restarted["status"] == 200, restarted
    assert restarted["etag"] not in (None, restarted["before"])
    changed = f"async first => ({_PAIR})().then(pair => pair.local && pair.local !== first)"
    await page.wait_for_function(changed, arg=first["local"])
    after = _until(service, "restarts", samples=_stream(service, "restarts")["samples"] + 4)
    assert after["media"] == before["media"]
    assert service.request("DELETE", published["location"])[0] == 200
    assert _stream(service, "restarts")["state"] == "ended"


@pytest.mark.browser
async def test_a_tab_that_is_closed_without_a_word_may_be_opened_again(browser: Browser, service: Service) -> None:
    order = {"url": f"{service.url}/whip/tab", "trickle": False}
    page = await _page(browser, service)
    assert (await page.evaluate(_PUBLISH, order))["status"] == 201
    before = _until(service, "tab", samples=2)
    assert (await page.evaluate(_PUBLISH, order))["status"] == 409
    await page.context.close()
    # The tab has gone, and said nothing.
    page = await _page(browser, service)
    status = 0
    while status != 201:
        status = (await page.evaluate(_PUBLISH, order))["status"]
        assert status in (201, 409)
        await page.wait_for_timeout(300)
    after = _until(service, "tab", samples=before["samples"] + 2)
    assert after["media"] == before["media"]
    assert after["position"] > before["position"]


@pytest.mark.parametrize("flags", ["dtls_active", "0"], ids=["active", "passive"])
def test_ffmpegs_own_muxer_is_received(service: Service, tmp_path: Path, flags: str) -> None:
    clip = write_video(tmp_path / "clip.ts", width=320, height=180, seconds=8)
    script, key, certificate = tmp_path / "publish.py", tmp_path / "key.pem", tmp_path / "certificate.pem"
    script.write_text(_FFMPEG)
    write_certificate(key, certificate)
    name = f"ffmpeg-{flags}"
    done = subprocess.run(
        [sys.executable, str(script), str(clip), f"{service.url}/whip/{name}", flags, str(certificate), str(key)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    stream = _stream(service, name)
    assert (stream["codec"], stream["state"]) == ("h264", "ended")
    assert stream["samples"] >= 8


_FFMPEG = """\
import sys, time
import av

options = dict(zip(("whip_flags", "cert_file", "key_file"), sys.argv[3:]))
with av.open(sys.argv[1]) as source, av.open(sys.argv[2], "w", format="whip", options=options) as output:
    stream = output.add_stream_from_template(source.streams.video[0])
    started = None
    for packet in source.demux(video=0):
        if packet.dts is None:
            continue
        at = float(packet.dts * packet.time_base)
        started = started if started is not None else time.monotonic() - at
        time.sleep(max(0.0, started + at - time.monotonic()))
        packet.stream = stream
        output.mux(packet)
"""

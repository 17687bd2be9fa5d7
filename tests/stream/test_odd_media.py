"""Media that is legal but odd, or made to mislead: which track is watched, how it lies, how its time runs."""

import asyncio
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp import web
from av.stream import Disposition

from stream.address import parse
from stream.pool import WorkerPool
from stream.sample import Sample, State
from tests.media import Clips, picture, write_video
from tests.stream.reading import Reading, read, trusted


def _frame(second: int, pts: int, *, width: int = 320, height: int = 240) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture(width, height, second=second), format="rgb24")
    frame.pts, frame.time_base = pts, Fraction(1, 10)
    return frame


async def test_the_track_that_a_player_would_show_is_the_one_that_is_watched(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    with av.open(str(path), "w") as container:
        decoy, shown = (container.add_stream("libx264", rate=10) for _ in range(2))
        decoy.width, decoy.height, decoy.pix_fmt = 64, 64, "yuv420p"
        shown.width, shown.height, shown.pix_fmt = 320, 240, "yuv420p"
        decoy.disposition, shown.disposition = Disposition(0), Disposition.default
        for pts in range(20):
            container.mux(decoy.encode(_frame(7, pts, width=64, height=64)))
            container.mux(shown.encode(_frame(0, pts)))
        container.mux(decoy.encode())
        container.mux(shown.encode())
    reading = await read(pool, str(path), trusted(fps=1.0))
    assert reading.seconds == [0, 0]


async def test_a_song_with_a_cover_has_no_video(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=8000)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        samples.sample_rate = 8000
        container.mux(cover.encode(_frame(0, 0)))
        container.mux(cover.encode())
        container.mux(sound.encode(samples))
        container.mux(sound.encode())
    assert (await read(pool, str(path))).code == "no_video"


async def test_a_title_in_another_alphabet_is_none_of_our_business(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "title.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Caf-e"
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        container.mux(stream.encode(_frame(0, 0)))
        container.mux(stream.encode())
    content = path.read_bytes()
    assert content.count(b"Caf-e") == 1
    path.write_bytes(content.replace(b"Caf-e", b"Caf\xe9s"))
    assert (await read(pool, str(path))).seconds == [0]


async def test_frames_beyond_every_screen_are_refused(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "vast.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=1)
        stream.width, stream.height, stream.pix_fmt = 9000, 9000, "gray"
        frame = av.VideoFrame.from_ndarray(np.zeros((9000, 9000), np.uint8), format="gray")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    reading = await read(pool, str(path))
    assert reading.positions == []
    assert reading.code in ("not_media", "decode_failed")


async def test_a_gap_of_an_hour_in_a_stored_video_is_an_hour(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for pts in (0, 10, 36_000, 36_010):
            container.mux(stream.encode(_frame(0, pts)))
        container.mux(stream.encode())
    reading = await read(pool, str(path))
    assert [round(position) for position in reading.positions] == [0, 1, 3600, 3601]
    assert set(reading.epochs) == {0}


async def test_two_pictures_two_hours_apart(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "lapse.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for pts in (0, 72_000):
            container.mux(stream.encode(_frame(0, pts)))
        container.mux(stream.encode())
    reading = await read(pool, str(path))
    assert (reading.states[-1], reading.code) == (State.ENDED, None)
    assert [round(position) for position in reading.positions] == [0, 7200]


async def test_stored_media_leaves_room_for_live_media(pool: WorkerPool, clips: Clips) -> None:
    """Twelve readers that hold all they can get, beside a live one that must still be seen."""
    stored = [await pool.pull(parse(str(clips.ts)), trusted(fps=30.0)) for _ in range(12)]
    held: list[Sample] = []
    full = asyncio.Event()

    async def hoard(number: int) -> None:
        async for item in stored[number]:
            if isinstance(item, Sample):
                held.append(item)
            if len(held) == 48:  # all but the reserve
                full.set()

    hoarders = [asyncio.create_task(hoard(number)) for number in range(12)]
    await full.wait()
    live = await read(pool, str(clips.ts), replace(trusted(), paced=True), samples=4)
    assert live.numbers == [0, 1, 2, 3]
    assert len(held) == 48
    for source in stored:
        await source.aclose()
    await asyncio.gather(*hoarders)


async def test_segments_that_come_in_bursts_lose_nothing(pool: WorkerPool, tmp_path: Path) -> None:
    """A live playlist whose two segments are read at once, as fast as they decode, by a reader who takes his time."""
    write_video(tmp_path / "0.ts", seconds=6, width=160, height=120)
    write_video(tmp_path / "1.ts", seconds=6, width=160, height=120, first_second=6)
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:6", "#EXTINF:6,", "0.ts", "#EXTINF:6,", "1.ts", ""]
    ended = asyncio.Event()

    async def playlist(_: web.Request) -> web.Response:
        return web.Response(text="\n".join([*lines, "#EXT-X-ENDLIST" if ended.is_set() else ""]))

    app = web.Application()
    app.router.add_get("/index.m3u8", playlist)
    app.router.add_static("/", tmp_path)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    source = await pool.pull(parse(f"http://127.0.0.1:{runner.addresses[0][1]}/index.m3u8"), trusted(fps=10.0))
    reading = Reading()
    async for item in source:
        reading.take(item)
        if isinstance(item, Sample):
            await asyncio.sleep(0.005)
            source.release(item)
            if len(reading.positions) == 100:
                ended.set()
    await source.aclose()
    await runner.cleanup()
    assert reading.info is not None
    assert (reading.info.live, reading.info.patient) == (True, True)
    assert len(reading.positions) == 120
    assert source.counters().dropped == {}


async def test_pictures_over_http_run_on_the_clock(pool: WorkerPool, clips: Clips) -> None:
    """An MJPEG camera says nothing of time: what matters is when its pictures came."""
    jpeg = clips.jpeg.read_bytes()
    part = b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"
    shown: list[float] = []

    async def camera(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "multipart/x-mixed-replace;boundary=x"})
        await response.prepare(request)
        while True:
            await response.write(part)
            await asyncio.sleep(0.05)

    app = web.Application()
    app.router.add_get("/camera", camera)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    source = await pool.pull(parse(f"http://127.0.0.1:{runner.addresses[0][1]}/camera"), trusted(fps=4.0))
    arrived: list[float] = []
    async for item in source:
        if isinstance(item, Sample):
            shown.append(item.position_s)
            arrived.append(item.captured_s)
            source.release(item)
        if len(shown) == 6:
            break
    await source.aclose()
    await runner.cleanup()
    # Counted stamps would say a fifth of a second for each picture, whatever the clock said.
    assert shown[-1] == pytest.approx(arrived[-1] - arrived[0], abs=0.1)

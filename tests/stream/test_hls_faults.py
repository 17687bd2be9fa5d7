"""Playlists with holes, breaks and loops in them."""

from pathlib import Path

import pytest

from stream.options import SourceOptions
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.stream.reading import Reading, a_pool, read

_LOCAL = SourceOptions(fps=2.0, egress_allow=("127.0.0.0/8",), open_timeout_s=5.0, read_timeout_s=5.0)


def playlist(clips: Clips, name: str, *lines: str, target_s: int = 1) -> Path:
    """Beside the segments of `clips.hls`, one second each."""
    path = clips.hls.with_name(name)
    head = ["#EXTM3U", "#EXT-X-VERSION:8", f"#EXT-X-TARGETDURATION:{target_s}", "#EXT-X-MEDIA-SEQUENCE:0"]
    path.write_text("\n".join([*head, *lines, "#EXT-X-ENDLIST", ""]))
    return path


def segment(number: int) -> list[str]:
    return ["#EXTINF:1.0,", f"seg{number:03d}.ts"]


async def reading_of(path: Path, server: HttpServer) -> Reading:
    async with a_pool() as pool:
        return await read(pool, server.url(path), _LOCAL)


async def test_a_discontinuity_opens_an_epoch_and_positions_go_on(clips: Clips, http_server: HttpServer) -> None:
    # What follows has the stamps of the beginning.
    lines = [*segment(4), *segment(5), "#EXT-X-DISCONTINUITY", *segment(0), *segment(1)]
    reading = await reading_of(playlist(clips, "break.m3u8", *lines), http_server)
    assert reading.failure is None
    assert list(dict.fromkeys(reading.seconds)) == [4, 5, 0, 1]
    assert reading.positions == sorted(set(reading.positions))
    assert len(set(reading.epochs)) == 2


@pytest.mark.parametrize("marked", [True, False])
async def test_a_segment_that_is_missing_costs_only_itself(marked: bool, clips: Clips, http_server: HttpServer) -> None:
    missing = ["#EXT-X-GAP"] if marked else []
    lines = [*segment(0), *segment(1), *missing, "#EXTINF:1.0,", "gone.ts", *segment(3), *segment(4)]
    reading = await reading_of(playlist(clips, f"gap{marked}.m3u8", *lines), http_server)
    assert list(dict.fromkeys(reading.seconds)) == [0, 1, 3, 4]
    assert reading.positions == sorted(set(reading.positions))


async def test_a_key_that_is_missing_is_told(clips: Clips, http_server: HttpServer) -> None:
    method = '#EXT-X-KEY:METHOD=AES-128,URI="gone.key",IV=0x00000000000000000000000000000001'
    reading = await reading_of(playlist(clips, "locked.m3u8", method, *segment(0)), http_server)
    assert reading.positions == []
    assert reading.failure is not None
    assert reading.code == "not_found"
    assert reading.failure.message.startswith("What it leads to at http://127.0.0.1:")


@pytest.mark.parametrize("head", [["#EXTINF:1.0,"], ["#EXT-X-STREAM-INF:BANDWIDTH=1"]])
async def test_a_playlist_that_leads_to_itself_ends(head: list[str], clips: Clips, http_server: HttpServer) -> None:
    reading = await reading_of(playlist(clips, "circle.m3u8", *head, "circle.m3u8"), http_server)
    assert reading.positions == []
    assert reading.failure is not None
    assert reading.code not in ("internal", "worker_lost")

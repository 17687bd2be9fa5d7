"""The conformance cases of short stored videos, by their numbers."""

from pathlib import Path

import av
import pytest

from tests.media import Clips, write_hls, write_video
from tests.servers.http import HttpServer
from tests.web.api.compat.calling import MEDIA_ID, VIDEO, Answer, Api, cut_short, failed, jpeg, succeeded


def _positions(answer: Answer) -> list[int]:
    return [frame["info"]["position"] for frame in answer.body["data"]["frames"]]


def _seven(answer: Answer, uri: str) -> None:
    succeeded(answer, 4)
    assert set(answer.body) == {"status", "request", "media", "data"}
    media = answer.body["media"]
    assert MEDIA_ID.fullmatch(media["id"])
    assert media["uri"] == uri
    assert '"position": 2000}' in answer.text  # an integer
    assert _positions(answer) == [0, 2000, 4000, 6000]
    frames = answer.body["data"]["frames"]
    assert [frame["info"]["id"] for frame in frames] == [f"{media['id']}_{number}" for number in (1, 2, 3, 4)]
    assert all(isinstance(frame["gore"]["prob"], float) for frame in frames)


def test_case_27_by_address(api: Api, web_server: HttpServer, seven: Path) -> None:
    url = web_server.url(seven)
    _seven(api.get(VIDEO, stream_url=url), url)


def test_case_28_by_upload(api: Api, seven: Path) -> None:
    _seven(api.send(seven.read_bytes(), "seven.mp4", VIDEO), "seven.mp4")


@pytest.mark.parametrize(("interval", "frames"), [("1", 7), ("1.0", 7), ("0.5", 14), ("5", 2), ("", 4)])
def test_case_29_intervals(api: Api, seven: Path, interval: str, frames: int) -> None:
    answer = succeeded(api.send(seven.read_bytes(), "a.mp4", VIDEO, interval=interval), frames)
    step_ms = round(1000 * float(interval or "2"))
    assert _positions(answer) == list(range(0, 7000, step_ms))


@pytest.mark.parametrize("interval", ["0.7", "0", "-1", "60", "nan", "two"])
def test_case_29_other_intervals(api: Api, interval: str) -> None:
    assert (
        "interval"
        in failed(api.get(VIDEO, stream_url="http://x.example/", interval=interval), "argument_error", 53).text
    )


def test_case_30_gore_2_in_every_frame(api: Api, seven: Path) -> None:
    answer = succeeded(api.send(seven.read_bytes(), "a.mp4", VIDEO, models="gore-2.0"), 4)
    for frame in answer.body["data"]["frames"]:
        assert set(frame["gore"]) == {"prob", "classes", "type"}
        assert (len(frame["gore"]["classes"]), len(frame["gore"]["type"])) == (10, 3)


def test_case_31_a_doubled_slash(api: Api, web_server: HttpServer, seven: Path) -> None:
    url = web_server.url(seven)
    _seven(api.get(f"/{VIDEO}", stream_url=url), url)


def test_case_32_length(api: Api, clips: Clips, minute: Path) -> None:
    assert "/1.0/video/check.json" in failed(api.send(minute.read_bytes(), "a.mp4", VIDEO), "media_error", 64).text
    lasting = {seconds: cut_short(minute, clips.folder / f"{seconds}.mp4", seconds) for seconds in (59.0, 59.9, 60.1)}
    assert len(_positions(succeeded(api.send(lasting[59.0].read_bytes(), "a.mp4", VIDEO), 30))) == 30
    succeeded(api.send(lasting[59.9].read_bytes(), "a.mp4", VIDEO, interval=5), 12)
    failed(api.send(lasting[60.1].read_bytes(), "a.mp4", VIDEO), "media_error", 64)


def test_case_32_what_has_no_end_is_too_long(api: Api, web_server: HttpServer, clips: Clips) -> None:
    failed(api.get(VIDEO, stream_url=web_server.url("/live/index.m3u8")), "media_error", 64)


def test_case_33_what_is_no_video(api: Api, clips: Clips) -> None:
    failed(api.send(jpeg(), "a.mp4", VIDEO), "media_error", 63)
    failed(api.send(b"\x00\x01garbage" * 500, "a.mp4", VIDEO), "media_error", 63)
    failed(api.send(b"", "a.mp4", VIDEO), "media_error", 63)
    failed(api.send(clips.sound.read_bytes(), "a.mp4", VIDEO), "media_error", 63)
    failed(api.send(clips.truncated.read_bytes(), "a.mp4", VIDEO), "media_error", 63)
    assert "50 MB" in failed(api.send(bytes(51_000_000), "a.mp4", VIDEO), "media_error", 62).text


def test_case_34_url_is_not_its_name(api: Api) -> None:
    failed(api.get(VIDEO, url="http://x.example/a.mp4"), "argument_error", 4)


def test_a_field_instead_of_a_file(api: Api) -> None:
    failed(api.get(VIDEO, media="bytes"), "argument_error", 5)


@pytest.mark.parametrize("address", ["rtsp://x.example/a", "file:///etc/passwd", "no address"])
def test_addresses_of_other_kinds(api: Api, address: str) -> None:
    failed(api.get(VIDEO, stream_url=address), "argument_error", 54)


def test_addresses_that_give_nothing(api: Api, web_server: HttpServer, clips: Clips) -> None:
    failed(api.get(VIDEO, stream_url=web_server.url("/status/404")), "media_error", 61)
    failed(api.get(VIDEO, stream_url="http://192.168.0.1/a.mp4"), "media_error", 61)
    failed(api.get(VIDEO, stream_url=web_server.url("/silent")), "media_error", 61)
    failed(api.get(VIDEO, stream_url=web_server.url(clips.html)), "media_error", 63)


def test_the_order_of_the_checks(api: Api) -> None:
    failed(api.get(VIDEO, models="x", interval="x", api_user=None), "argument_error", 1)
    failed(api.get(VIDEO, models="x", interval="x"), "argument_error", 52)
    failed(api.get(VIDEO, interval="x"), "argument_error", 53)


def test_other_containers(api: Api, web_server: HttpServer, clips: Clips, tmp_path: Path) -> None:
    webm = write_video(tmp_path / "a.webm", width=128, height=72, seconds=4, codec="libvpx")
    assert len(_positions(api.send(webm.read_bytes(), "a.webm", VIDEO))) == 2
    ts = write_video(tmp_path / "a.ts", width=128, height=72, seconds=5)
    assert len(_positions(api.send(ts.read_bytes(), "a.ts", VIDEO))) == 3
    assert len(_positions(api.get(VIDEO, stream_url=web_server.url(clips.hls)))) == 4


def test_a_playlist_that_is_sent_opens_no_other_file(api: Api, clips: Clips, tmp_path: Path) -> None:
    playlist = write_hls(tmp_path / "hls", seconds=2)
    text = playlist.read_text().replace("seg", f"file://{playlist.parent}/seg")
    failed(api.send(text.encode(), "a.mp4", VIDEO), "media_error", 63)
    failed(api.send(f"ffconcat version 1.0\nfile {clips.ts}\n".encode(), "a.mp4", VIDEO), "media_error", 63)


def test_a_frame_that_stands_is_answered_for_as_long_as_it_is_shown(api: Api, tmp_path: Path) -> None:
    slow = _stretched(write_video(tmp_path / "one.mp4", width=128, height=72, seconds=0.1), tmp_path / "slow.mp4")
    answer = api.send(slow.read_bytes(), "a.mp4", VIDEO)
    positions = _positions(succeeded(answer, 5))
    assert positions == [0, 2000, 4000, 6000, 8000]


def _stretched(source: Path, target: Path) -> Path:
    """Three frames, four seconds apart."""
    with av.open(str(source)) as container, av.open(str(target), "w") as output:
        video = container.streams.video[0]
        stream = output.add_stream_from_template(video)
        assert video.time_base is not None
        for packet in container.demux(video):
            if packet.pts is not None and packet.dts is not None:
                packet.pts, packet.dts, packet.duration = packet.pts * 120, packet.dts * 120, 1
                packet.stream = stream
                output.mux(packet)
    return target

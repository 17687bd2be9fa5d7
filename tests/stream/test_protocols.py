"""Live protocols from real servers: nginx-rtmp and gst-rtsp-server."""

import pytest

from stream.address import parse
from stream.options import SourceOptions
from stream.sample import Sample, State
from tests.media import Clips
from tests.servers.rtmp import RtmpServer
from tests.servers.rtsp import RtspServer
from tests.stream.reading import a_pool, read, trusted


@pytest.mark.rtmp
async def test_rtmp_is_live_and_ends_with_its_publisher(clips: Clips, rtmp_server: RtmpServer) -> None:
    async with a_pool() as pool:
        states: list[State] = []
        samples = 0
        with rtmp_server.publish(clips.mp4, "show") as publisher:
            source = await pool.pull(parse(rtmp_server.url("show")), trusted(deadline_s=10.0))
            async for item in source:
                if isinstance(item, Sample):
                    samples += 1
                    source.release(item)
                    if samples == 4:
                        publisher.terminate()
                else:
                    states.append(item.state)
                    if item.info is not None:
                        assert (item.info.live, item.info.width, item.info.height) == (True, 1280, 720)
            await source.aclose()
        assert states[:2] == [State.CONNECTING, State.LIVE]
        assert states[-1].final


@pytest.mark.rtmp
async def test_rtmp_that_is_joined_between_two_key_frames_is_heard_before_it_is_seen(
    clips: Clips, rtmp_server: RtmpServer
) -> None:
    # The sound of seconds comes first; what looks at half a second of it finds no video.
    with rtmp_server.publish(clips.talk, "talk"):
        async with a_pool() as pool:
            reading = await read(pool, rtmp_server.url("talk"), trusted(deadline_s=15.0), samples=1, colours=False)
    assert reading.states[:2] == [State.CONNECTING, State.LIVE]
    # The key frame that was looked at is the first sample: the next one would come 180 packets later.
    assert 0 < reading.counters.packets < 90


@pytest.mark.rtmp
async def test_rtmp_without_video_says_so(clips: Clips, rtmp_server: RtmpServer) -> None:
    with rtmp_server.publish(clips.sound, "radio"):
        async with a_pool() as pool:
            reading = await read(pool, rtmp_server.url("radio"), trusted(deadline_s=4.0))
    assert (reading.states[-1], reading.code) == (State.FAILED, "no_video")


@pytest.mark.rtmp
async def test_rtmp_of_a_name_that_nobody_publishes_fails_in_time(rtmp_server: RtmpServer) -> None:
    async with a_pool() as pool:
        reading = await read(pool, rtmp_server.url("nobody"), trusted(deadline_s=1.5))
    # nginx says that it is not permitted; other servers say nothing.
    assert reading.code in ("access_denied", "timeout")


@pytest.mark.rtsp
async def test_rtsp_is_live(rtsp_server: RtspServer) -> None:
    async with a_pool() as pool:
        reading = await read(pool, rtsp_server.url(), trusted(deadline_s=10.0), samples=4, colours=False)
    assert reading.states[:2] == [State.CONNECTING, State.LIVE]
    assert reading.info is not None
    assert (reading.info.live, reading.info.codec) == (True, "h264")
    assert reading.positions[0] == 0.0
    assert reading.positions == sorted(set(reading.positions))


@pytest.mark.rtsp
async def test_rtsp_of_a_camera_that_sends_over_udp_alone(rtsp_server: RtspServer) -> None:
    async with a_pool() as pool:
        reading = await read(pool, rtsp_server.url("/udp"), trusted(deadline_s=10.0), samples=4, colours=False)
        assert reading.failure is None
        assert reading.positions == sorted(set(reading.positions))
        stranger = SourceOptions(egress_allow=("127.0.0.0/8",), open_timeout_s=10.0)
        refused = await read(pool, rtsp_server.url("/udp"), stranger, samples=4, colours=False)
    assert reading.states[:2] == [State.CONNECTING, State.LIVE]
    assert refused.failure is not None


@pytest.mark.rtsp
async def test_rtsp_of_a_path_that_is_not_there(rtsp_server: RtspServer) -> None:
    async with a_pool() as pool:
        reading = await read(pool, rtsp_server.url("/nothing"), trusted(deadline_s=5.0))
    assert reading.code == "not_found"

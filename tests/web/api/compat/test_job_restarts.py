"""A service that is killed in the middle of a job, or of callbacks that are owed, goes on where it was."""

from pathlib import Path

from tests.media import Clips
from tests.servers.http import run_http_server
from tests.servers.receiver import run_receiver
from tests.web.api.compat.calling import succeeded
from tests.web.api.compat.watching import WATCH, JobApi, job_service, positions


def test_jobs_and_callbacks_survive_a_service_that_is_killed(tmp_path: Path, clips: Clips) -> None:
    video = clips.video("restarted.ts", width=64, height=36, seconds=12)
    slow = f"/slow/{video.name}?sized=1&rate={video.stat().st_size // 4}"
    with run_http_server(clips) as sources, run_receiver() as receiver:
        with job_service(tmp_path) as service:
            api = JobApi(service)
            owed = api.submit(sources.url(clips.mp4), callback_url=receiver.url("/once/owed"))
            receiver.wait("/once/owed")
            live = api.submit(
                sources.url("/live/index.m3u8"), callback_url=receiver.url("/ok/live"), interval=1, max_duration=3600
            )
            before = api.until(live, lambda data: len(data["frames"]) >= 2)
            answer = api.send(video.read_bytes(), "sent.ts", WATCH)
            sent = str(succeeded(answer, 0).body["media"]["id"])
            stored = api.submit(sources.url(slow), callback_url=receiver.url("/ok/stored"), interval=1)
            api.until(stored, lambda data: data["frames"])
            service.kill()
        with job_service(tmp_path) as service:
            api = JobApi(service)
            assert positions(api.until_ended(sent)) == [0, 2000, 4000, 6000, 8000, 10_000]
            finished = api.until_ended(stored)
            assert finished["data"]["status"] == "finished"
            assert positions(finished) == list(range(0, 12_000, 1000))
            receiver.wait("/ok/stored", status="finished")
            scenes = [got for got in receiver.at("/ok/stored") if got.status == "ongoing"]
            assert len({got.raw for got in scenes}) == 2
            again = api.until(live, lambda data: len(data["frames"]) >= len(before["data"]["frames"]) + 2)
            assert again["data"]["frames"][: len(before["data"]["frames"])] == before["data"]["frames"]
            assert positions(again) == sorted(set(positions(again)))
            succeeded(api.delete(live), 0)
            first, second = receiver.wait("/once/owed", 2)[:2]
            assert first.raw == second.raw
            receiver.wait("/once/owed", status="finished")
            assert api.output(owed)["data"]["status"] == "finished"

"""A node of Ray that decodes, and one that scores for it."""

from pathlib import Path
from typing import Any

import pytest

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.ray import RayCluster
from tests.servers.rtmp import run_rtmp_server
from tests.servers.service import Service, running_service
from tests.web.faults.flicker import write_flicker

WITHIN_S = 60.0
NAME = "clip"


@pytest.mark.timeout(300)
def test_a_host_without_a_detector_scores_as_any_other_and_goes_on_when_a_scorer_is_lost(
    tmp_path: Path, clips: Clips, http_server: HttpServer
) -> None:
    # One cluster for both: it takes long to make.
    with RayCluster(scorers=1) as ray, run_rtmp_server(tmp_path) as rtmp:
        ray.add("eyes", streams=5, labels="gorewatch-scorer=borrowed")
        env = {
            "GOREWATCH_ENGINE": "ray",
            "GOREWATCH_RAY_ADDRESS": ray.address,
            "GOREWATCH_FILE_ROOTS": str(clips.folder),
            "GOREWATCH_POLICY__FPS": "4",
            "GOREWATCH_POLICY__ADAPTIVE": "false",
        }
        flicker = write_flicker(tmp_path / "flicker.flv", minutes=0.5, rate=24)
        with rtmp.publish(flicker, NAME), running_service(tmp_path, env=env) as service:
            service.wait_for("/v1/hosts", _has_one_that_borrows, timeout_s=WITHIN_S)
            # Files are watched by the service itself, with its own detector.
            own, lent = _scores(service, str(clips.mp4)), _scores(service, http_server.url(clips.mp4))
            assert len(own) == 24
            assert lent == own
            _goes_on_when_the_scorer_is_lost(service, ray, rtmp.url(NAME))


def _goes_on_when_the_scorer_is_lost(service: Service, ray: RayCluster, url: str) -> None:
    status, stream = service.request("POST", "/v1/streams", {"url": url, "name": "live"})
    assert status == 201
    path = f"/v1/streams/{stream['id']}"
    before = service.wait_for(path, lambda found: found["samples"] >= 5, timeout_s=WITHIN_S)
    [scorer] = ray.nodes["head"].actors("ScorerActor")
    scorer.kill()
    # Until it is there again samples are given up, and afterwards scored.
    lost = service.wait_for(path, _dropped, timeout_s=WITHIN_S)
    again = service.wait_for(path, lambda found: found["samples"] >= lost["samples"] + 5, timeout_s=WITHIN_S)
    assert (again["media"], again["counters"]["reconnects"]) == (before["media"], 0)
    [after] = ray.nodes["head"].actors("ScorerActor")
    assert after.pid != scorer.pid


def _has_one_that_borrows(answer: Any) -> bool:
    return [(host["id"], host["up"], host["scorer"]) for host in answer["hosts"]] == [("eyes", True, "borrowed")]


def _dropped(stream: Any) -> bool:
    return not {"scorer_lost", "no_scorer"}.isdisjoint(stream["counters"]["dropped"])


def _scores(service: Service, url: str) -> list[tuple[float, float]]:
    """Of the media at an address, at its end."""
    status, stream = service.request("POST", "/v1/streams", {"url": url})
    assert status == 201, stream
    path = f"/v1/streams/{stream['id']}"
    media = service.wait_for(path, lambda found: found["state"] == "ended", timeout_s=WITHIN_S)["media"]
    _, answer = service.request("GET", f"/v1/media/{media}/scores")
    return [(score["position"], score["raw"]) for score in answer["scores"]]

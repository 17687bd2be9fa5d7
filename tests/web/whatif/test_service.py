"""The whole service, its own detector on the demo's stream: what it raised, asked of the next run."""

from pathlib import Path
from typing import Any

from tests.conftest import StartService
from tests.servers.service import Service


def incidents(service: Service, media_id: str) -> list[dict[str, Any]]:
    """Without their ids."""
    _, detail = service.request("GET", f"/v1/media/{media_id}/summary?detail=1")
    return [{name: value for name, value in one.items() if name != "id"} for one in detail["incidents"]]


def test_the_next_run_replays_what_the_one_before_raised(start_service: StartService, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/gorewatch.db"
    service = start_service("--demo", "--workers", "1", GOREWATCH_STORE=store)
    media_id = service.wait_for("/v1/streams", lambda answer: answer["streams"])["streams"][0]["media"]
    service.wait_for("/v1/incidents", lambda answer: answer["incidents"], timeout_s=60.0)
    status, running = service.request("POST", f"/v1/media/{media_id}/replay", {"policy": {}})
    assert (status, running["exact"]) == (200, True)
    assert running["incident_count"] > 0
    assert service.stop() == 0

    service = start_service("--workers", "1", GOREWATCH_STORE=store)
    raised = incidents(service, media_id)
    status, found = service.request("POST", f"/v1/media/{media_id}/replay", {"policy": {}})
    assert (status, found["exact"], found["incidents"]) == (200, True, raised)
    policies = {"since": 0, "policies": [{"threshold": 0.45}, {"threshold": 0.99}]}
    low, high = service.request("POST", "/v1/replay", policies)[1]["policies"]
    assert (low["media"], low["media_flagged"]) == (1, 1)
    assert low["flagged_seconds"] > high["flagged_seconds"]
    assert service.stop() == 0

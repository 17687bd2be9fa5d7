"""A web node sends what the service owes: real processes, a real server of NATS, a real PostgreSQL, a real receiver."""

import re
from pathlib import Path

from standardwebhooks import Webhook

from tests.media import Clips
from tests.servers.nats import Nats
from tests.servers.postgres import Postgres
from tests.servers.receiver import Receiver, run_receiver
from tests.servers.service import Service, running_service


def test_a_web_node_sends_what_a_service_owes_that_does_not_send(
    nats: Nats, postgres: Postgres, tmp_path: Path, clips: Clips
) -> None:
    shared = {"GOREWATCH_STORE": postgres.new_database(), "GOREWATCH_BUS": nats.url}
    with (
        run_receiver() as receiver,
        running_service(
            tmp_path / "service", "--workers", "1", env={**shared, "GOREWATCH_SEND_WEBHOOKS": "false"}
        ) as service,
        running_service(tmp_path / "node", env={**shared, "GOREWATCH_UPSTREAM": service.url}) as node,
    ):
        hook, gone = receiver.url("/ok/hook"), receiver.url("/gone/hook")
        secret = str(node.request("POST", "/v1/webhooks", {"url": hook})[1]["secret"])
        assert node.request("POST", "/v1/webhooks", {"url": gone})[0] == 201
        added, _ = node.request("POST", "/v1/streams", {"url": clips.mp4.as_uri()})
        assert added == 201
        # All is sent that is owed, the last event included.
        service.wait_for(
            "/v1/callbacks?state=pending",
            lambda answer: not answer["callbacks"] and told(receiver)[-1:] == ["media.finished"],
        )
        came = receiver.at("/ok/hook")
        assert told(receiver)[0] == "media.started"
        ids = [got.headers["webhook-id"] for got in came]
        assert ids == sorted(set(ids))
        for got in came:
            Webhook(secret).verify(got.raw, dict(got.headers))
        # The node alone was told that nothing more is wanted there.
        service.wait_for(
            "/v1/webhooks", lambda answer: {one["url"] for one in answer["webhooks"] if one["disabled"]} == {gone}
        )
        assert (delivered(service), delivered(node)) == (0, len(came))


def told(receiver: Receiver) -> list[str]:
    return [str(got.body["type"]) for got in receiver.at("/ok/hook")]


def delivered(node: Service) -> int:
    _, metrics = node.request("GET", "/metrics")
    found = re.search(r'^gorewatch_callback_attempts_total{outcome="delivered"} (\d+)', metrics.decode(), re.MULTILINE)
    assert found is not None
    return int(found[1])

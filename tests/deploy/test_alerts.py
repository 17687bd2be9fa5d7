"""deploy/prometheus/rules.yaml, judged by promtool: each alert by what makes it fire, and none when all is well."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.metrics import OPERATIONS, recorded, used
from tests.deploy.tools import DEPLOY, promtool, ran

RULES = DEPLOY / "prometheus" / "rules.yaml"
_ALL = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
_ALERTS = {rule["alert"]: rule for rule in _ALL if "alert" in rule}
_AT_MIN = 20
_MISSING = "GorewatchServiceMissing"


def series(name: str, labels: str = "") -> str:
    """Of a service that is named later."""
    return f'{name}{{job="gorewatch", instance="INSTANCE"{", " if labels else ""}{labels}}}'


def steady(value: float) -> str:
    return f"{value}+0x{_AT_MIN}"


def growing(a_minute: float) -> str:
    return f"0+{a_minute}x{_AT_MIN}"


_ATTEMPTS = "gorewatch_callback_attempts_total"
_LATENCY = "gorewatch_event_latency_seconds_bucket"
WELL: Mapping[str, str] = {
    series("up"): steady(1),
    series("gorewatch_workers_ready"): steady(1),
    series("gorewatch_worker_restarts_total"): steady(1),
    series("gorewatch_upstream_up", 'upstream="http://service:8080"'): steady(1),
    series("process_open_fds"): steady(100),
    series("process_max_fds"): steady(1024),
    series("gorewatch_samples_total"): growing(600),
    series("gorewatch_samples_dropped_total", 'reason="newer"'): growing(6),
    series("gorewatch_lag_seconds_max"): steady(0.5),
    series(_LATENCY, 'le="0.5"'): growing(600),
    series(_LATENCY, 'le="5.0"'): growing(600),
    series(_LATENCY, 'le="+Inf"'): growing(600),
    series("gorewatch_scorer_failed_total"): steady(0),
    series("gorewatch_streams", 'state="live"'): steady(10),
    series("gorewatch_streams", 'state="reconnecting"'): steady(2),
    series("gorewatch_hosts_room"): steady(40),
    series("gorewatch_hosts", 'state="down"'): steady(0),
    series("gorewatch_hosts", 'state="draining"'): steady(1),
    series("gorewatch_host_losses_total", 'host="node1"'): steady(6),
    series("gorewatch_frames_total"): growing(60000),
    series("gorewatch_decode_errors_total"): growing(10),
    series("gorewatch_events_kept_first"): steady(1),
    series("gorewatch_events_unkept"): steady(3),
    series("gorewatch_events_dropped_total", 'type="gore.prob"'): growing(1),
    series("gorewatch_events_unrecorded"): steady(20),
    series("gorewatch_events_passed_over_total"): steady(2),
    series("gorewatch_events_refused_total"): steady(1),
    series("gorewatch_jobs", 'status="ongoing"'): steady(0),
    series("gorewatch_scores_dropped_total"): steady(0),
    series("gorewatch_pictures_dropped_total", 'reason="disk"'): steady(0),
    series("gorewatch_pictures_dropped_total", 'reason="closing"'): growing(1),
    series(_ATTEMPTS, 'outcome="delivered"'): growing(60),
    series(_ATTEMPTS, 'outcome="failed"'): growing(6),
    series(_ATTEMPTS, 'outcome="given_up"'): steady(0),
    series("gorewatch_webhooks_dropped_total", 'reason="over_limit"'): steady(0),
    series("gorewatch_subscribers_cut_total"): steady(4),
    series("gorewatch_subscribers_refused_total"): steady(0),
    series("gorewatch_calls_refused_total"): steady(0),
    series("gorewatch_checks_total", 'kind="image", outcome="scored"'): growing(60),
    series("gorewatch_checks_total", 'kind="image", outcome="service_error"'): steady(0),
}

Case = Mapping[str, str | None]
CASES: Mapping[str, Case] = {
    "GorewatchDown": {series("up"): steady(0)},
    "GorewatchServiceMissing": {series("gorewatch_workers_ready"): None},
    "GorewatchUpstreamDown": {series("gorewatch_upstream_up", 'upstream="http://service:8080"'): steady(0)},
    "GorewatchWorkersNotReady": {series("gorewatch_workers_ready"): steady(0)},
    "GorewatchWorkersRestarting": {series("gorewatch_worker_restarts_total"): growing(1)},
    "GorewatchFewFilesLeft": {series("process_open_fds"): steady(900)},
    "GorewatchSamplesDropped": {series("gorewatch_samples_dropped_total", 'reason="newer"'): growing(60)},
    "GorewatchLagging": {series("gorewatch_lag_seconds_max"): steady(30)},
    "GorewatchEventsLate": {series(_LATENCY, 'le="0.5"'): growing(300)},
    "GorewatchDetectorFailing": {series("gorewatch_scorer_failed_total"): growing(1)},
    "GorewatchStreamsLost": {
        series("gorewatch_streams", 'state="live"'): steady(1),
        series("gorewatch_streams", 'state="stalled"'): steady(8),
    },
    "GorewatchDecodeErrors": {series("gorewatch_decode_errors_total"): growing(6000)},
    "GorewatchNoRoom": {series("gorewatch_hosts_room"): steady(0)},
    "GorewatchHostLostAgain": {series("gorewatch_host_losses_total", 'host="node1"'): growing(1)},
    "GorewatchHostsDown": {series("gorewatch_hosts", 'state="down"'): steady(2)},
    "GorewatchEventsNotKept": {series("gorewatch_events_kept_first"): steady(0)},
    "GorewatchEventsWaiting": {series("gorewatch_events_unkept"): steady(9000)},
    # It is counted under a label that was not there before.
    "GorewatchEventsLost": {
        series("gorewatch_events_dropped_total", 'type="gore.incident"'): f"_x{_AT_MIN - 3} 7 7 7 7"
    },
    "GorewatchStoreBehind": {series("gorewatch_events_unrecorded"): steady(5000)},
    "GorewatchEventsNotUnderstood": {series("gorewatch_events_passed_over_total"): growing(1)},
    "GorewatchEventsRefused": {series("gorewatch_events_refused_total"): growing(1)},
    "GorewatchStoreUnreadable": {series("gorewatch_jobs", 'status="ongoing"'): None},
    "GorewatchScoresLost": {series("gorewatch_scores_dropped_total"): growing(1)},
    "GorewatchPicturesLost": {series("gorewatch_pictures_dropped_total", 'reason="disk"'): growing(1)},
    "GorewatchWebhooksFailing": {series(_ATTEMPTS, 'outcome="failed"'): growing(90)},
    "GorewatchWebhooksGivenUp": {series(_ATTEMPTS, 'outcome="given_up"'): growing(1)},
    "GorewatchWebhookEventsLost": {series("gorewatch_webhooks_dropped_total", 'reason="over_limit"'): growing(1)},
    "GorewatchSubscribersCut": {series("gorewatch_subscribers_cut_total"): growing(2)},
    "GorewatchSubscribersRefused": {series("gorewatch_subscribers_refused_total"): growing(1)},
    "GorewatchCallsRefused": {series("gorewatch_calls_refused_total"): growing(6)},
    "GorewatchChecksFailing": {series("gorewatch_checks_total", 'kind="image", outcome="service_error"'): growing(1)},
}


def of_one(instance: str, changed: Case) -> list[dict[str, str]]:
    """The series of a service with which all is well but for what was changed."""
    given = {**WELL, **changed}
    return [
        {"series": one.replace("INSTANCE", instance), "values": values}
        for one, values in given.items()
        if values is not None
    ]


def tried(given: list[dict[str, str]], firing: Iterable[str]) -> dict[str, Any]:
    """A test of promtool's: these series are to make exactly the alerts of these labels fire."""
    samples = [{"labels": labels, "value": 1} for labels in firing]
    asked = 'count by (alertname, instance) (ALERTS{alertstate="firing"})'
    return {
        "interval": "1m",
        "input_series": given,
        "promql_expr_test": [{"expr": asked, "eval_time": f"{_AT_MIN}m", "exp_samples": samples}],
    }


def test_each_alert_fires_for_its_reason_alone_and_none_where_all_is_well(tmp_path: Path) -> None:
    """One service for each, named after the alert, and one that is well."""
    assert CASES.keys() == _ALERTS.keys()
    there = {name: changed for name, changed in CASES.items() if name != _MISSING}
    given = [one for name, changed in {"well": {}, **there}.items() for one in of_one(name, changed)]
    tests = [
        tried(given, [f'{{alertname="{name}", instance="{name}"}}' for name in there]),
        tried(of_one("none", CASES[_MISSING]), [f'{{alertname="{_MISSING}"}}']),
    ]
    written = tmp_path / "tests.yaml"
    written.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    ran(promtool(), "test", "rules", written)


def test_the_rules_are_rules() -> None:
    assert "SUCCESS" in ran(promtool(), "check", "rules", "--lint=all", "--lint-fatal", RULES)


def test_rules_are_about_metrics_that_there_are() -> None:
    results = {rule["record"] for rule in _ALL if "record" in rule}
    for rule in _ALL:
        assert (
            used(rule["expr"]) or recorded(rule["expr"]) or rule["alert"] in ("GorewatchDown", "GorewatchFewFilesLeft")
        )
        assert recorded(rule["expr"]) <= results


@pytest.mark.parametrize("name", _ALERTS)
def test_each_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    alert = _ALERTS[name]
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in ("critical", "warning")
    told = alert["annotations"]
    assert told.keys() == {"summary", "description", "runbook"}
    document, _, anchor = told["runbook"].partition("#")
    assert document == "docs/operations.md"
    sections = re.split(r"^#+ ", OPERATIONS.read_text(), flags=re.MULTILINE)[1:]
    (section,) = [one for one in sections if anchor_of(one.splitlines()[0]) == anchor]
    assert f"`{name}`" in section


def anchor_of(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")

"""deploy/grafana/gorewatch.json: that it shows what there is, where nothing hides it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.metrics import documented, recorded, used
from tests.deploy.tools import DEPLOY, promtool, ran

_BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "gorewatch.json").read_text())
_RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())
_WIDTH = 24
_FILLED_IN = {"$__rate_interval": "1m", "$job": ".+", "$instance": ".+"}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in _BOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel["targets"]:
            yield target["expr"]


def test_every_metric_is_shown_and_nothing_that_there_is_not() -> None:
    in_rules = {
        rule["record"]: used(rule["expr"]) for group in _RULES["groups"] for rule in group["rules"] if "record" in rule
    }
    shown = set()
    for expression in expressions():
        shown |= used(expression)
        for result in recorded(expression):
            shown |= in_rules[result]
    assert shown == set(documented())


def test_what_it_asks_prometheus_understands(tmp_path: Path) -> None:
    rules = []
    for number, asked in enumerate(expressions()):
        expression = asked
        for variable, value in _FILLED_IN.items():
            expression = expression.replace(variable, value)
        assert "$" not in expression
        rules.append({"record": f"panel:{number}", "expr": expression})
    written = tmp_path / "panels.yaml"
    written.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    ran(promtool(), "check", "rules", written)


def test_all_of_it_is_about_the_chosen_nodes() -> None:
    assert [one["name"] for one in _BOARD["templating"]["list"]] == ["datasource", "job", "instance"]
    for expression in expressions():
        assert expression.count("{") >= expression.count('{job=~"$job", instance=~"$instance"') > 0, expression
    for panel in panels():
        assert {panel["datasource"]["uid"], *(one["datasource"]["uid"] for one in panel["targets"])} == {
            "${datasource}"
        }


def test_each_panel_has_its_place_and_says_what_it_shows() -> None:
    assert len({panel["id"] for panel in _BOARD["panels"]}) == len(_BOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in _BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= _WIDTH
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        assert panel["description"]
        assert [target["refId"] for target in panel["targets"]] == sorted(
            {target["refId"] for target in panel["targets"]}
        )

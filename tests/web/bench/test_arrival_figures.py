"""What is said of subscribers who got something wrong, each wrong by itself."""

import pytest

from web.bench.arrival_figures import Log, differences, figures

KEPT = (10, 20, 30, 40)


def log(*dear: int, manner: str = "steady", gaps: int = 0) -> Log:
    return Log(manner=manner, dear=dear, scores=5, gaps=gaps, resumed=2, cut=1, store_told=3)


def test_nothing_is_wrong_where_everybody_got_all_once_and_in_order() -> None:
    told = figures({"gore.incident": 4, "gore.prob": 5}, KEPT, [log(*KEPT), log(*KEPT, manner="slow", gaps=1)])
    assert told["held"] is True
    assert told["lost"] == told["doubled"] == told["disordered"] == told["unkept"] == told["subscribers_touched"] == 0
    assert told["received"] == 18
    assert (told["gaps"], told["store_told"]) == (1, 6)
    assert told["by_manner"] == {
        "steady": {"subscribers": 1, "resumed": 2, "cut": 1, "scores": 5},
        "slow": {"subscribers": 1, "resumed": 2, "cut": 1, "scores": 5},
    }


@pytest.mark.parametrize(
    ("dear", "wrong"),
    [
        ((10, 20, 40), "lost"),
        ((10, 20, 20, 30, 40), "doubled"),
        ((10, 30, 20, 40), "disordered"),
        ((10, 20, 25, 30, 40), "unkept"),
    ],
)
def test_each_wrong_is_told_by_its_name(dear: tuple[int, ...], wrong: str) -> None:
    found = differences(KEPT, [log(*KEPT), log(*dear)])
    counts = {name: getattr(found, name) for name in ("lost", "doubled", "disordered", "unkept")}
    assert counts == {"lost": 0, "doubled": 0, "disordered": 0, "unkept": 0} | {wrong: 1}
    assert found.touched == 1
    assert figures({}, KEPT, [log(*KEPT), log(*dear)])["held"] is False


def test_where_nothing_came_at_all_nothing_is_proved() -> None:
    assert figures({}, (), [log()])["held"] is False
    assert figures({}, KEPT, [])["held"] is False

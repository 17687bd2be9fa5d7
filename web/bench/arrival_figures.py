"""What arrived, compared with what was kept: arithmetic over the ids of events. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What one subscriber got, in the order in which it came."""

    manner: str
    """How it reads, by name."""
    dear: Sequence[int]
    """Numbers of the events that are never left out for anybody: all but scores."""
    scores: int
    """How many of the others it got."""
    gaps: int
    """How often it was told that events are gone."""
    resumed: int
    """How often it came back for more."""
    cut: int
    """How often it was closed for being slow, and told where to go on."""
    store_told: int
    """How often it was told that events could not be stored, or could be again. That is not stored itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What is wrong, over all subscribers; nothing is if all are zero."""

    lost: int
    """Kept events that a subscriber never got."""
    doubled: int
    """That it got more than once."""
    disordered: int
    """That came after a later one."""
    unkept: int
    """That it got and that are not kept."""
    touched: int
    """Subscribers to whom any of this happened."""


def differences(kept: Collection[int], logs: Sequence[Log]) -> Differences:
    """`kept` are the numbers of all events but scores that the store has."""
    wanted = set(kept)
    found: Counter[str] = Counter()
    touched = 0
    for log in logs:
        got = set(log.dear)
        one = Counter(
            lost=len(wanted - got),
            doubled=len(log.dear) - len(got),
            disordered=sum(later < earlier for earlier, later in pairwise(log.dear)),
            unkept=len(got - wanted),
        )
        touched += any(one.values())
        found.update(one)
    return Differences(
        lost=found["lost"],
        doubled=found["doubled"],
        disordered=found["disordered"],
        unkept=found["unkept"],
        touched=touched,
    )


def figures(kinds: Mapping[str, int], kept: Collection[int], logs: Sequence[Log]) -> dict[str, object]:
    """The keys of the JSON line that are about what arrived; `kinds` counts the kept events by type.

    It has held if somebody got something, and nobody anything wrong.
    """
    wrong = differences(kept, logs)
    by_manner = {
        manner: {
            "subscribers": sum(log.manner == manner for log in logs),
            "resumed": sum(log.resumed for log in logs if log.manner == manner),
            "cut": sum(log.cut for log in logs if log.manner == manner),
            "scores": sum(log.scores for log in logs if log.manner == manner),
        }
        for manner in dict.fromkeys(log.manner for log in logs)
    }
    return {
        "held": bool(logs) and bool(kept) and not wrong.touched,
        "lost": wrong.lost,
        "doubled": wrong.doubled,
        "disordered": wrong.disordered,
        "unkept": wrong.unkept,
        "subscribers_touched": wrong.touched,
        "kept": dict(kinds),
        "received": sum(len(log.dear) + log.scores for log in logs),
        "gaps": sum(log.gaps for log in logs),
        "store_told": sum(log.store_told for log in logs),
        "by_manner": by_manner,
    }

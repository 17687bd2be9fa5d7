"""Who is told of an event is found by looking up what asking every webhook would tell."""

import random

import pytest

from web.delivery.audience import Audience
from web.delivery.cloudevents import TYPES
from web.delivery.endpoint import Endpoint
from web.delivery.history import OPERATORS, Entry

KEYS = (None, "1", "2", "3")
STREAMS = tuple(f"str_{letter}" for letter in "abcde")


def drawn(rng: random.Random, number: int) -> Endpoint:
    return Endpoint(
        id=f"whk_{number}",
        key_id=rng.choice(KEYS),
        url="https://hook.example/",
        # As people give them: in any order, some twice.
        kinds=tuple(rng.choices(TYPES, k=rng.choice((0, 0, 1, 3)))),
        streams=tuple(rng.choices(STREAMS, k=rng.choice((0, 0, 1, 3)))),
        sees_all=rng.random() < 0.2,
        created_s=0.0,
        disabled=None if rng.random() < 0.8 else "Gone.",
    )


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_whom_the_event_is_wanted_by_each_once(seed: int) -> None:
    rng = random.Random(seed)
    endpoints = [drawn(rng, number) for number in range(rng.choice((0, 1, 5, 40)))]
    audience = Audience(endpoints)
    for kind in (*TYPES, "store.failed"):
        for stream_id in (*STREAMS, "str_of_nobodys_interest", ""):
            for owner in (*KEYS, "a key without webhooks", OPERATORS):
                entry = Entry(1, kind, stream_id, b"{}", owner)
                told = [endpoint.id for endpoint in audience.of(entry)]
                assert sorted(told) == sorted(endpoint.id for endpoint in endpoints if endpoint.wants(entry))

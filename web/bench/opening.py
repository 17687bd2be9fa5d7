"""What `benchmarks/opening.py` does: how long many streams take to open, all at once, against how long a few take.

The clock runs from the first `POST /v1/streams` to the first sample of the stream that gets its own last, which is its
first decoded frame and told by `media.started`; the first scores come later, one after the other. It is done twice:
with streams that went on before, as a camera's or a server's, which can be decoded from their next key frame on; and
with streams that begin with a key frame when they are opened, where there is nothing to wait for.
"""

import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ..commands.common import CommandError
from .material import GOP_S, described, write_live
from .measure import cpu_s, report, say
from .serving import Api, Publishers, Running, api_of, publishers, running_service

LIMIT = 10.0
"""Times as long as a few take."""
_COME_UP_S = 120.0
_POLICY = {"fps": 1.0, "adaptive": False, "event_interval": 0.1}
_STARTED, _SCORED = "media.started", "gore.prob"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the script."""

    few: int
    many: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Opened:
    """How long so many streams took, by the clock and of the service's CPU."""

    streams: int
    joined: bool
    """They went on before; else each began with a key frame at once."""
    took_s: float
    scored_s: float
    """Until the last one had its first score."""
    cpu_s: float
    """Until then, too."""


def main(asked: Asked) -> bool:
    """Run, print one JSON line, and say whether the limit held. Raises `CommandError` when it could not run."""
    with tempfile.TemporaryDirectory(prefix="gorewatch-opening-") as name:
        folder = Path(name)
        clip = write_live(folder, _COME_UP_S)
        most = max(asked.few, asked.many)
        with publishers(clip, gop_s=GOP_S) as published, running_service(folder, max_streams=most) as service:
            opened = asyncio.run(_rounds(asked, published, service))
    found = figures(asked, opened)
    report("opening", {**found, "material": described()})
    return found["held"] is True


def figures(asked: Asked, opened: list[Opened]) -> dict[str, object]:
    """The keys of the JSON line: medians over the rounds."""
    joined = _compared(asked, [one for one in opened if one.joined])
    return {
        "held": joined["ratio"] <= LIMIT,
        "ratio_limit": LIMIT,
        "few": asked.few,
        "many": asked.many,
        **joined,
        "at_once": _compared(asked, [one for one in opened if not one.joined]),
        "rounds": asked.rounds,
        "all_s": [[one.streams, one.joined, round(one.took_s, 2)] for one in opened],
    }


def _compared(asked: Asked, opened: list[Opened]) -> dict[str, float]:
    few = [one for one in opened if one.streams == asked.few]
    many = [one for one in opened if one.streams == asked.many]
    few_s = statistics.median(one.took_s for one in few)
    many_s = statistics.median(one.took_s for one in many)
    return {
        "ratio": round(many_s / few_s, 2),
        "few_s": round(few_s, 2),
        "many_s": round(many_s, 2),
        "few_scored_s": round(statistics.median(one.scored_s for one in few), 2),
        "many_scored_s": round(statistics.median(one.scored_s for one in many), 2),
        "cpu_ms_per_stream": round(1000.0 * statistics.median(one.cpu_s / one.streams for one in many), 1),
    }


async def _rounds(asked: Asked, published: Publishers, service: Running) -> list[Opened]:
    async with api_of(service) as api:
        # What is needed once, by the first stream of each worker, belongs to neither.
        await _open(asked.few, False, published, service, api)
        opened = []
        for number in range(asked.rounds):
            for joined in (True, False):
                for streams in (asked.few, asked.many):
                    say(f"round {number + 1} of {asked.rounds}: opening {streams} …")
                    opened.append(await _open(streams, joined, published, service, api))
        return opened


async def _open(streams: int, joined: bool, published: Publishers, service: Running, api: Api) -> Opened:
    """Open so many at once, wait for a score of each, and end them."""
    # Evenly spread, so that the last key frame is as long in coming for few as for many.
    urls = [f"{published.url}?phase={n * GOP_S / streams:.6f}" if joined else published.url for n in range(streams)]
    async with api.events(_STARTED, _SCORED) as events:
        cpu_before_s, started_s = cpu_s(service.pids()), time.monotonic()
        added = await asyncio.gather(*(api.add(url, f"live-{n}", _POLICY) for n, url in enumerate(urls)))
        heard: dict[str, dict[str, float]] = {_STARTED: {}, _SCORED: {}}
        try:
            async with asyncio.timeout(_COME_UP_S):
                while any(len(streams_of) < streams for streams_of in heard.values()):
                    event = json.loads(await events.receive_str())
                    heard[event["type"]].setdefault(event["source"], time.monotonic() - started_s)
        except TimeoutError as error:
            reason = f"{streams - len(heard[_SCORED])} of {streams} had no score after {_COME_UP_S:g} s; open fewer."
            raise CommandError(reason) from error
        used_s = cpu_s(service.pids()) - cpu_before_s
    await asyncio.gather(*(api.end(stream_id) for stream_id in added))
    return Opened(streams, joined, max(heard[_STARTED].values()), max(heard[_SCORED].values()), used_s)

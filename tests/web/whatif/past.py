"""A past to ask of: media with scores and reviewed incidents, watched by a service or put into its store."""

import random
from dataclasses import dataclass, replace
from typing import Any

from inference.incidents import Incident
from inference.policy import Policy
from inference.summary import MediaRef
from stream.ids import make_id
from tests.web.serving import Served
from web.store import incidents, media, scores
from web.store import reviews as review_rows
from web.store.blocks import MOST_SAMPLES, Judged
from web.store.kept import KeptIncident, MediaEnd, MediaFacts, Review, Verdict
from web.store.scores import Block, block_of
from web.store.store import Store

START_S = 1_790_000_000.0


def an_id(prefix: str, number: int, *, unix_s: float = START_S) -> str:
    return make_id(prefix, int(unix_s * 1000), number.to_bytes(11, "big"))


def wandering(seed: int, count: int = 600) -> list[tuple[float, int, float]]:
    """Position, epoch and score of uneven samples with gaps and new epochs, as live video gives them."""
    drawn = random.Random(seed)
    position_s, epoch, level = 0.0, 0, 0.2
    made = []
    for _ in range(count):
        position_s += drawn.choice((0.125, 0.5, 0.5, 1.0, 7.5))
        if drawn.random() < 0.02:
            epoch, position_s = epoch + 1, position_s + 20.0
        level = min(max(level + drawn.uniform(-0.25, 0.25), 0.02), 1.0)
        made.append((position_s, epoch, level))
    return made


async def watched(served: Served, *, seed: int = 1, policy: dict[str, object] | None = None) -> dict[str, Any]:
    """A stream whose source has given `wandering` samples, all of them judged."""
    number = len(served.pool.sources)
    stream = await served.add(policy=policy or {}, name=f"camera-{number}")
    source = await served.pool.source(number)
    source.live()
    samples = wandering(seed)
    for position_s, epoch, level in samples:
        source.sample(position_s, level, epoch=epoch)
    return await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == len(samples))


async def ended(served: Served, stream: dict[str, Any]) -> None:
    """End it, and wait until the store knows."""
    async with served.http.delete(f"/v1/streams/{stream['id']}") as response:
        assert response.status == 200

    def finished(answer: dict[str, Any]) -> bool:
        return any(one["id"] == stream["media"] and one["finished"] for one in answer["media"])

    await served.until("/v1/media", finished)


@dataclass(frozen=True, slots=True)
class Camera:
    """Puts media into a store without a service that watches them."""

    store: Store
    owner: str | None = None
    stream: int = 0

    @property
    def stream_id(self) -> str:
        return an_id("str", self.stream)

    async def media(
        self,
        number: int,
        levels: list[float],
        *,
        unix_s: float = START_S,
        operations: int | None = None,
        step_s: float = 0.0,
        summary: str | None = None,
    ) -> str:
        """One with two scores a second, raw and smooth the same; its id."""
        media_id = an_id("med", number, unix_s=unix_s)
        facts = MediaFacts(
            ref=MediaRef(an_id("req", number), media_id, "rtsp://camera.example/door"),
            stream_id=self.stream_id,
            owner=self.owner,
            name="door",
            policy=Policy(),
            started_s=unix_s,
        )
        judged = [Judged(at / 2, 0, level, level) for at, level in enumerate(levels)]
        told = len(levels) if operations is None else operations
        end = MediaEnd(finished_s=unix_s + 60.0, operations=told, prob=max(levels, default=None), summary=summary)
        async with self.store.writing() as tx:
            await media.add(tx, [facts])
            await media.end(tx, media_id, end)
            if judged:
                await scores.put(tx, blocks_of(media_id, judged, step_s=step_s))
        return media_id

    async def reviewed(self, media_id: str, number: int, start_s: float, end_s: float, verdict: Verdict) -> None:
        """An incident of a media, and what somebody said of it."""
        incident_id = an_id("inc", number)
        kept = KeptIncident(
            incident=Incident(incident_id, start_s, end_s, 0.9, start_s),
            media_id=media_id,
            stream_id=self.stream_id,
            owner=self.owner,
            started_s=START_S,
        )
        said = Review(
            id=an_id("rev", number), incident_id=incident_id, verdict=verdict, reviewed_by="somebody", at_s=START_S
        )
        async with self.store.writing() as tx:
            await incidents.put(tx, [kept])
            assert await review_rows.add(tx, said)


def blocks_of(media_id: str, judged: list[Judged], *, step_s: float = 0.0) -> list[Block]:
    """Their blocks; with `step_s` as if they had been thinned out."""
    found = []
    for at in range(0, len(judged), MOST_SAMPLES):
        block = block_of(media_id, judged[at : at + MOST_SAMPLES], at_s=START_S)
        found.append(replace(block, step_s=step_s))
    return found

"""What tests of the pipeline have moderated, and by whom."""

from collections.abc import Sequence

from inference.events import (
    Event,
    MediaFailed,
    MediaFinished,
)
from inference.judge import Judge
from inference.pipeline import Tally, run
from inference.policy import Policy
from inference.summary import MediaRef, Summary
from stream.errors import Failure
from stream.sample import Sample, SourceInfo, State, Status
from tests.inference.fakes import ManualLane, ScriptedSource, sample

NOW_S = 1_700_000_000.25


MEDIA = MediaRef("req_1", "med_1", "clip.mp4")


INFO = SourceInfo("h264", 1280, 720, 30.0, live=False)


LIVE_INFO = SourceInfo("h264", 1280, 720, 30.0, live=True)


LIVE = Status(State.LIVE, info=INFO)


LOST = Failure("connection_lost", "It broke.", retryable=True)


def judge(policy: Policy | None = None) -> Judge:
    return Judge(policy or Policy(), MEDIA, lambda: "inc_1")


def samples(raws: Sequence[float]) -> list[Sample]:
    return [sample(raw, number=number) for number, raw in enumerate(raws)]


async def moderate(
    source: ScriptedSource, lane: ManualLane, events: list[Event], *, in_flight: int = 8, tally: Tally | None = None
) -> Summary:
    return await run(source, lane, judge(), events.append, in_flight=in_flight, now_unix_s=lambda: NOW_S, tally=tally)


def terminal(events: Sequence[Event]) -> MediaFinished | MediaFailed:
    """The last event, after making sure that it is the only terminal one."""
    ends = [event for event in events if isinstance(event, MediaFinished | MediaFailed)]
    assert len(ends) == 1
    assert events[-1] is ends[0]
    return ends[0]

"""A judge that is overheard says what it says alone, and each sample is heard as it was judged."""

from inference.judge import Judge, Scored
from inference.policy import Policy
from inference.summary import MediaRef
from stream.sample import SourceInfo, State, Status
from web.recording.judging import HeardJudge
from web.store.blocks import Judged


def judge() -> Judge:
    return Judge(Policy(), MediaRef("req", "med", ""), lambda: "inc")


def test_every_sample_is_heard_with_what_became_of_it() -> None:
    heard: list[Judged] = []
    alone, overheard = judge(), HeardJudge(judge(), hear=heard.append)
    expected: list[Judged] = []
    fed: list[Scored | Status] = [
        Status(State.LIVE, info=SourceInfo("h264", 64, 64, 30.0, live=True)),
        *(Scored(number / 2, 0.0, number // 4, 0.1 * number) for number in range(9)),
        Status(State.STALLED),
    ]
    for what in fed:
        assert overheard.feed(what) == alone.feed(what)
        assert overheard.rising == alone.rising
        if isinstance(what, Scored):
            assert alone.latest is not None
            expected.append(Judged(what.position_s, what.epoch, what.raw, alone.latest.prob))
    assert heard == expected
    assert overheard.finish(9.0) == alone.finish(9.0)
    assert overheard.finish(9.0) == []
    assert overheard.summary(10.0) == alone.summary(10.0)
    overheard.feed(Scored(99.0, 0.0, 0, 0.5))
    assert heard == expected

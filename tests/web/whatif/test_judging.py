"""Many policies over many media: what is gathered, and when it is not exact. And what a process that judges is told."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from inference.policy import Policy
from inference.replay import replay
from inference.summary import MediaRef
from inference.verdicts import Verdict
from stream.errors import Failure
from stream.messages import MessageInvalid
from tests.web.whatif.past import wandering
from web.store.blocks import MOST_SAMPLES, Judged, encode
from web.whatif.child import Conversation
from web.whatif.judging import Judging, Recorded
from web.whatif.messages import ANSWERS, Begin, End, NextMedia, block_body, order_body, read_body

REF = MediaRef("req_1", "med_1", "rtsp://camera/live")
POLICIES = (Policy(), Policy(threshold=0.8, window=1.5))
SAMPLES = [Judged(position_s, epoch, level, level) for position_s, epoch, level in wandering(3)]
BLOCKS = [encode(SAMPLES[at : at + MOST_SAMPLES]) for at in range(0, len(SAMPLES), MOST_SAMPLES)]
MEDIA = Recorded(ref=REF, timestamp_s=9.0, operations=len(SAMPLES), verdicts=(Verdict(0.0, 1e9, confirmed=True),))


def judged(media: Recorded, blocks: list[bytes], *policies: Policy) -> Judging:
    judging = Judging(policies or POLICIES, slack_s=3.0)
    judging.take(media, blocks)
    return judging


def test_each_policy_has_its_own_outcome() -> None:
    judging = judged(MEDIA, BLOCKS)
    judging.take(replace(MEDIA, verdicts=()), BLOCKS)
    low, high = judging.outcomes
    assert low.incidents > high.incidents > 0
    assert (low.media, low.media_flagged, low.confirmed, low.found) == (2, 2, 1, 1)
    assert judging.exact
    assert judging.last is not None
    assert judging.last.incident_count == high.incidents // 2


@pytest.mark.parametrize(
    ("media", "blocks"),
    [
        (replace(MEDIA, operations=len(SAMPLES) + 1), BLOCKS),
        (replace(MEDIA, operations=None), BLOCKS),
        (replace(MEDIA, whole=False), BLOCKS),
        (replace(MEDIA, operations=0), [BLOCKS[0], BLOCKS[1][:-3], BLOCKS[2]]),
        (replace(MEDIA, operations=0), [b"{"]),
    ],
    ids=["missing", "unknown", "thinned", "damaged", "no block"],
)
def test_what_is_not_all_there_is_not_exact(media: Recorded, blocks: list[bytes]) -> None:
    assert not judged(media, blocks).exact


def test_of_more_incidents_than_are_kept_the_time_is_not_exact() -> None:
    flicker = [Judged(float(at), 0, at % 2 * 1.0, 0.0) for at in range(2 * 1001)]
    blocks = [encode(flicker[at : at + MOST_SAMPLES]) for at in range(0, len(flicker), MOST_SAMPLES)]
    nervous = Policy(window=0.001, cooldown=0.0)
    judging = judged(replace(MEDIA, operations=len(flicker)), blocks, nervous)
    assert judging.outcomes[0].incidents == 1001
    assert not judging.exact


def told(conversation: Conversation, *bodies: bytes) -> bytes:
    """The answer to the last of them, as it is sent; the others have none."""
    *before, last = bodies
    for body in before:
        assert conversation.hear(body) is None
    answer = conversation.hear(last)
    assert answer is not None
    return ANSWERS.dump_json(answer)


def test_a_conversation_gives_what_judging_gives_to_the_last_bit() -> None:
    conversation = Conversation()
    blocks = [block_body(block) for block in BLOCKS]
    question = [order_body(Begin(POLICIES, 3.0)), order_body(NextMedia(MEDIA)), *blocks, order_body(End())]
    for _ in range(2):
        answer = ANSWERS.validate_json(told(conversation, *question))
        direct = judged(MEDIA, BLOCKS)
        assert list(answer.outcomes) == direct.outcomes
        assert answer.exact
        assert answer.last == direct.last
    one = replay(POLICIES[1], REF, list(Judging(POLICIES, slack_s=0.0)._scored(BLOCKS)), timestamp_s=9.0)
    assert answer.last == one


def test_a_question_without_media_has_an_answer() -> None:
    answer = ANSWERS.validate_json(told(Conversation(), order_body(Begin(POLICIES, 3.0)), order_body(End())))
    assert (answer.last, answer.exact, answer.outcomes[0].media) == (None, True, 0)


def test_orders_come_back_as_they_went_in() -> None:
    failed = replace(MEDIA, failure=Failure("timeout", "“Gone”.", retryable=True), operations=None)
    for order in (Begin(POLICIES, 3.0), NextMedia(MEDIA), NextMedia(failed), End()):
        assert read_body(order_body(order)) == order
    assert read_body(block_body(b"{}")) == b"{}"


@pytest.mark.parametrize("body", [b"", b"x", b"o", b'o{"kind": "other"}', b'o{"kind": "begin"}'])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises((MessageInvalid, ValidationError)):
        read_body(body)


def test_an_answer_is_not_given_without_a_question() -> None:
    conversation = Conversation()
    with pytest.raises(MessageInvalid):
        conversation.hear(order_body(End()))

"""Many policies over many media, one media after the other. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.judge import Scored
from inference.policy import Policy
from inference.replay import Replayed, replay
from inference.summary import MediaRef
from inference.verdicts import Outcome, Verdict, add
from stream.errors import Failure

from ..store.blocks import samples_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One media, as it was recorded."""

    ref: MediaRef
    timestamp_s: float
    """When it ended, Unix seconds; now for one that runs."""
    failure: Failure | None = None
    operations: int | None = None
    """Samples that were judged then, of which all should be there; None if it is not known."""
    verdicts: tuple[Verdict, ...] = ()
    whole: bool = True
    """Nothing is known to be missing or thinned out."""


class Judging:
    """Gathers what each policy would have given."""

    def __init__(self, policies: Sequence[Policy], *, slack_s: float) -> None:
        """`slack_s` is that of `inference.verdicts.add`."""
        self._policies = tuple(policies)
        self._slack_s = slack_s
        self.outcomes = [Outcome() for _ in policies]
        self.exact = True
        self.last: Replayed | None = None
        """The last media by the last policy."""

    def take(self, media: Recorded, blocks: Sequence[bytes]) -> None:
        """One more media. Blocks that are damaged, and what is behind them in order but not in position, are passed
        over, and `exact` says so."""
        for at, policy in enumerate(self._policies):
            found = replay(
                policy, media.ref, self._scored(blocks), timestamp_s=media.timestamp_s, failure=media.failure
            )
            self.outcomes[at] = add(self.outcomes[at], found, media.verdicts, slack_s=self._slack_s)
            # Of more incidents than a judge keeps, the time in them is not known.
            told = len(found.incidents) == found.incident_count
            complete = media.operations is not None and found.summary.operations >= media.operations
            self.exact = self.exact and told and complete and media.whole
            self.last = found

    def _scored(self, blocks: Sequence[bytes]) -> Iterator[Scored]:
        for sample in samples_of(blocks, damaged=self._damaged):
            yield Scored(sample.position_s, 0.0, sample.epoch, sample.raw)

    def _damaged(self, _: ValueError) -> None:
        self.exact = False

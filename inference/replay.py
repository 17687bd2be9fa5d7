"""What another policy would have made of scores that were kept: the same judge, fed again.

The samples are those that were taken then: what a policy says of sampling, sources and events changes nothing here. See
`JUDGING` for what does.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from inference.incidents import Incident
from inference.judge import Judge, Scored
from inference.policy import Policy
from inference.summary import MediaRef, Summary
from stream.errors import Failure

JUDGING = ("window", "threshold", "release", "cooldown")
"""The keys of a policy that a replay answers to."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one media."""

    summary: Summary
    incidents: tuple[Incident, ...]
    """Oldest first, each of them ended; of very many the newest 1000. Their ids are numbers of this replay alone."""
    incident_count: int

    @property
    def flagged_s(self) -> float:
        """Media seconds in the incidents that are told."""
        return sum((incident.end_s or incident.start_s) - incident.start_s for incident in self.incidents)


def replay(
    policy: Policy, media: MediaRef, scored: Iterable[Scored], *, timestamp_s: float, failure: Failure | None = None
) -> Replayed:
    """The incidents and the summary that `policy` would have given, had the media ended after the last of `scored`.

    `scored` are in order of position, with the scores as they were judged: then the policy of that time gives the
    incidents of that time. `timestamp_s` is Unix time, for the summary. Raises ValueError as `Judge.feed` does.
    """
    numbers = itertools.count(1)
    begun = 0

    def new_id() -> str:
        nonlocal begun
        begun = next(numbers)
        return str(begun)

    judge = Judge(policy, media, new_id)
    for one in scored:
        judge.feed(one)
    judge.finish(timestamp_s, failure)
    return Replayed(judge.summary(timestamp_s), judge.incidents, begun)

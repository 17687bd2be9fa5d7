"""How a policy would have done by what people said of incidents: counts, precision and recall. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inference.incidents import Incident
from inference.replay import Replayed


@dataclass(frozen=True, slots=True)
class Verdict:
    """A stretch of media that somebody looked at. Positions are media seconds."""

    start_s: float
    end_s: float
    confirmed: bool
    """Otherwise it was dismissed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one policy would have given over many media."""

    media: int = 0
    media_flagged: int = 0
    """Media with an incident."""
    incidents: int = 0
    flagged_s: float = 0.0
    right: int = 0
    """Incidents that meet a confirmed stretch."""
    wrong: int = 0
    """Incidents that meet dismissed stretches alone."""
    confirmed: int = 0
    """Confirmed stretches there were."""
    found: int = 0
    """Those of them that an incident meets."""

    @property
    def precision(self) -> float | None:
        """Of the incidents that somebody looked at the share that is right; None if nobody looked at any."""
        looked_at = self.right + self.wrong
        return self.right / looked_at if looked_at else None

    @property
    def recall(self) -> float | None:
        """Of the confirmed stretches the share that would have been found; None if there are none.

        What no policy in use ever raised nobody has looked at, so that this is no share of all that there was.
        """
        return self.found / self.confirmed if self.confirmed else None


def add(outcome: Outcome, replayed: Replayed, verdicts: Sequence[Verdict], *, slack_s: float) -> Outcome:
    """The outcome with one more media.

    An incident meets a stretch that lies within `slack_s` of it: with another window the same thing is raised a
    little earlier or later.
    """
    right = wrong = 0
    for incident in replayed.incidents:
        met = [verdict.confirmed for verdict in verdicts if _meets(incident, verdict, slack_s)]
        right += any(met)
        wrong += bool(met) and not any(met)
    confirmed = [verdict for verdict in verdicts if verdict.confirmed]
    return Outcome(
        media=outcome.media + 1,
        media_flagged=outcome.media_flagged + bool(replayed.incident_count),
        incidents=outcome.incidents + replayed.incident_count,
        flagged_s=outcome.flagged_s + replayed.flagged_s,
        right=outcome.right + right,
        wrong=outcome.wrong + wrong,
        confirmed=outcome.confirmed + len(confirmed),
        found=outcome.found + sum(_met_by_any(verdict, replayed.incidents, slack_s) for verdict in confirmed),
    )


def _met_by_any(verdict: Verdict, incidents: Iterable[Incident], slack_s: float) -> bool:
    return any(_meets(incident, verdict, slack_s) for incident in incidents)


def _meets(incident: Incident, verdict: Verdict, slack_s: float) -> bool:
    end_s = incident.start_s if incident.end_s is None else incident.end_s
    return incident.start_s <= verdict.end_s + slack_s and verdict.start_s <= end_s + slack_s

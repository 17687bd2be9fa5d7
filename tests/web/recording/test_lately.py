"""The rows of the store with what is still to be written: pages as they will be once it is."""

from dataclasses import replace
from itertools import chain, combinations

import pytest

from tests.web.store.test_moderated import kept
from web.recording.lately import later, page
from web.store.kept import IncidentFilter, KeptIncident, LatestReview, Verdict

ALL = [replace(kept(float(number), number=number), owner=str(number % 2)) for number in range(8)]
REVIEW = LatestReview(verdict=Verdict.CONFIRMED, note=None, reviewed_by="1", at_s=0.0)


def ended(one: KeptIncident, *, peak: float = 0.6) -> KeptIncident:
    return replace(
        one, incident=replace(one.incident, end_s=9.0, peak=peak, peak_position_s=7.0 if peak > 0.6 else 5.5)
    )


def turned(stored: list[KeptIncident], told: list[KeptIncident], *, limit: int, wanted: IncidentFilter) -> list[str]:
    """The ids on all pages."""
    ids: list[str] = []
    rows = {one.incident.id: one for one in stored}
    before_id = None
    while True:
        match = [one for one in reversed(stored) if before_id is None or one.incident.id < before_id]
        match = [
            one for one in match if wanted.state is None or (one.incident.end_s is None) is (wanted.state == "open")
        ]
        match = [one for one in match if wanted.owners is None or one.owner in wanted.owners]
        found = page(match[: limit + 1], told, rows, wanted=wanted, limit=limit, before_id=before_id)
        assert len(found.incidents) <= limit
        ids += [one.incident.id for one in found.incidents]
        if found.next is None:
            return ids
        before_id = found.next


@pytest.mark.parametrize("limit", [1, 2, 3, 8])
@pytest.mark.parametrize("in_store", [0, 1, 4, 7, 8])
def test_no_page_has_a_gap_or_a_repeat(limit: int, in_store: int) -> None:
    """Whatever is told anew of those in the store, and of the others for the first time."""
    everybody = IncidentFilter()
    for again in chain.from_iterable(combinations(ALL[:in_store], number) for number in range(3)):
        told = [*(ended(one) for one in again), *ALL[in_store:]]
        assert turned(ALL[:in_store], told, limit=limit, wanted=everybody) == [one.incident.id for one in reversed(ALL)]
        still_open = [one.incident.id for one in reversed(ALL) if one not in again]
        assert turned(ALL[:in_store], told, limit=limit, wanted=IncidentFilter(state="open")) == still_open
        gone = [one.incident.id for one in reversed(ALL) if one in again]
        assert turned(ALL[:in_store], told, limit=limit, wanted=IncidentFilter(state="ended")) == gone


def test_what_is_told_is_filtered_as_rows_are() -> None:
    told = ALL[0]
    same = {"stream_id": told.stream_id, "media_id": told.media_id, "owners": frozenset({"0"}), "verdict": "none"}
    for name, value in same.items():
        other = frozenset({"1"}) if name == "owners" else Verdict.CONFIRMED if name == "verdict" else "other"
        for given, number in ((value, 1), (other, 0)):
            wanted = IncidentFilter(**{name: given})  # type: ignore[arg-type]
            assert len(page([], [told], {}, wanted=wanted, limit=5).incidents) == number
    for since_s, until_s, number in (
        (told.started_s, None, 1),
        (None, told.started_s, 0),
        (told.started_s + 0.1, None, 0),
    ):
        wanted = IncidentFilter(since_s=since_s, until_s=until_s)
        assert len(page([], [told], {}, wanted=wanted, limit=5).incidents) == number
    began_later = {told.incident.id: replace(told, started_s=told.started_s + 9)}
    assert page([], [told], began_later, wanted=IncidentFilter(until_s=told.started_s + 1), limit=5).incidents == ()
    reviewed = replace(told, review=REVIEW)
    rows = {told.incident.id: reviewed}
    assert page([], [told], rows, wanted=IncidentFilter(verdict="none"), limit=5).incidents == ()
    assert page([reviewed], [told], rows, wanted=IncidentFilter(verdict=Verdict.CONFIRMED), limit=5).incidents == (
        reviewed,
    )


def test_what_was_told_later_counts_and_what_only_the_store_knows_stays() -> None:
    stored = replace(kept(), picture="pictures/a.jpg", review=REVIEW)
    assert later(None, kept()) == kept()
    assert later(stored, kept()) == stored
    assert later(stored, ended(kept(), peak=0.9)) == ended(stored, peak=0.9)
    assert later(ended(stored, peak=0.9), kept()) == ended(stored, peak=0.9)

"""What a check that failed is counted as."""

import asyncio

import pytest

from stream.errors import InternalFault, NotFound, Overloaded, SourceError, TooLarge, WorkerLost, WorkerReplaced
from web.checked import CheckOutcome, outcome_of


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotFound("x"), CheckOutcome.MEDIA_ERROR),
        (TooLarge("x"), CheckOutcome.MEDIA_ERROR),
        (SourceError("x"), CheckOutcome.MEDIA_ERROR),
        (Overloaded("x"), CheckOutcome.OVERLOADED),
        (WorkerLost("x"), CheckOutcome.SERVICE_ERROR),
        (WorkerReplaced("x"), CheckOutcome.SERVICE_ERROR),
        (InternalFault("x"), CheckOutcome.SERVICE_ERROR),
        (ValueError("x"), CheckOutcome.SERVICE_ERROR),
        (asyncio.CancelledError(), CheckOutcome.ABANDONED),
    ],
)
def test_who_is_to_blame(error: BaseException, outcome: CheckOutcome) -> None:
    assert outcome_of(error) is outcome

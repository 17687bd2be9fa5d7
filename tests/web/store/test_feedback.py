"""Feedback in the store."""

from web.store import feedback
from web.store.feedback import Feedback
from web.store.store import Store


async def test_feedback_is_kept_and_listed_page_by_page(store: Store) -> None:
    given = [
        Feedback(id=f"med_{number}", key_id=None, model="gore", label="safe", uri="a.jpg", created_s=float(number))
        for number in range(3)
    ]
    given.append(
        Feedback(
            id="med_9",
            key_id="1",
            model="gore-2.0",
            label="gore",
            uri="https://h/b.jpg",
            path="/data/med_9.jpg",
            created_s=9.0,
            prob=0.75,
        )
    )
    async with store.writing() as tx:
        for one in reversed(given):
            await feedback.add(tx, one)
        assert list(await feedback.listed(tx, limit=10)) == given
        assert list(await feedback.listed(tx, limit=2, after_id="med_1")) == given[2:]

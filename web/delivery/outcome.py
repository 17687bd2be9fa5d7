"""What one attempt to send is headed with, and what is written down of it."""

import secrets
from enum import StrEnum

from ..store import delivery_turns as turns
from ..store import webhooks
from ..store.deliveries import give_up_all
from ..store.store import Store
from .backoff import next_attempt_s, too_old_s
from .delivery import Delivery, Style, is_of_key
from .posting import NotPosted
from .signature import HEADER, SECRET_BYTES, new_secret, signature, standard_headers

GONE = "Its receiver answered 410: it wants no more events."
_CONTENT_TYPE = "application/cloudevents+json"
_GONE_STATUS = 410


class Outcome(StrEnum):
    """How an attempt went."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """It is tried again."""
    GIVEN_UP = "given_up"
    GONE = "gone"
    """Nothing more is sent there."""


async def headers_of(store: Store, delivery: Delivery, signing_secret: str | None, *, unix_s: int) -> dict[str, str]:
    """Raises `StoreError`, and `NotPosted` when there is nobody any more whose secret could sign."""
    if delivery.style is Style.SIGHTENGINE:
        return {} if signing_secret is None else {HEADER: signature(signing_secret, delivery.body, unix_s=unix_s)}
    signing = await _secrets(store, delivery.holder, now_s=unix_s)
    headers = standard_headers(signing, delivery.body, message_id=delivery.event_id or delivery.id, unix_s=unix_s)
    return {"Content-Type": _CONTENT_TYPE, **headers}


async def note(store: Store, delivery: Delivery, refusal: NotPosted | None, *, now_s: float, chance: float) -> Outcome:
    """Write down how an attempt went. Raises `StoreError`."""
    event = delivery.style is Style.STANDARD
    async with store.writing() as tx:
        if refusal is None:
            await turns.delivered(tx, delivery, now_s=now_s)
            return Outcome.DELIVERED
        error = str(refusal)
        if event and refusal.status == _GONE_STATUS:
            if delivery.webhook_id is not None:
                await webhooks.disable(tx, [delivery.webhook_id], GONE)
            await give_up_all(tx, delivery.sender, error=GONE)
            return Outcome.GONE
        next_s = next_attempt_s(
            delivery.style, delivery.attempts + 1, now_s=now_s, retry_after=refusal.retry_after, chance=chance
        )
        if refusal.hopeless or next_s is None:
            older_s = too_old_s(delivery.style, now_s=now_s) if event else None
            await turns.give_up(tx, delivery, error=error, now_s=now_s, owed_before_s=older_s)
            return Outcome.GIVEN_UP
        await turns.postpone(tx, delivery, next_s=next_s, error=error, now_s=now_s)
        return Outcome.FAILED


async def _secrets(store: Store, holder: str, *, now_s: float) -> tuple[str, ...]:
    async with store.reading() as tx:
        found = await webhooks.secret_of(tx, holder)
    if found is None:
        if not is_of_key(holder):
            raise NotPosted("The webhook was removed.", hopeless=True)
        async with store.writing() as tx:
            found = await webhooks.secret_or(tx, holder, new_secret(secrets.token_bytes(SECRET_BYTES)))
    return found.signing(now_s=now_s)

"""What one attempt to send is headed with, and what is written down of it."""

import secrets
from enum import StrEnum

from ..store import delivery_turns as turns
from ..store import webhooks
from ..store.deliveries import give_up_all
from ..store.delivery_claims import Taken, give_back
from ..store.store import Store
from ..store.turn_locks import hold
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
    OVERTAKEN = "overtaken"
    """Nothing is written down of it: another node has taken it over, or it was removed."""


async def headers_of(store: Store, taken: Taken, signing_secret: str | None, *, unix_s: int) -> dict[str, str]:
    """Raises `StoreError`, and `NotPosted` when there is nobody any more whose secret could sign."""
    delivery = taken.delivery
    if delivery.style is Style.SIGHTENGINE:
        return {} if signing_secret is None else {HEADER: signature(signing_secret, delivery.body, unix_s=unix_s)}
    secret = taken.secret or await _drawn(store, delivery.holder)
    signing = secret.signing(now_s=unix_s)
    headers = standard_headers(signing, delivery.body, message_id=delivery.event_id or delivery.id, unix_s=unix_s)
    return {"Content-Type": _CONTENT_TYPE, **headers}


async def note(store: Store, delivery: Delivery, refusal: NotPosted | None, *, now_s: float, chance: float) -> Outcome:
    """Write down how an attempt went, where it is still this node's to say. Raises `StoreError`."""
    event = delivery.style is Style.STANDARD
    async with store.writing() as tx:
        await hold(tx, [delivery.sender])
        if refusal is None:
            done = await turns.delivered(tx, delivery, now_s=now_s)
            return Outcome.DELIVERED if done else Outcome.OVERTAKEN
        if not await give_back(tx, delivery):
            return Outcome.OVERTAKEN
        error = str(refusal)
        if event and refusal.status == _GONE_STATUS:
            if delivery.webhook_id is not None:
                await webhooks.disable(tx, [delivery.webhook_id], GONE)
            elif delivery.stream_id is not None:
                await webhooks.want_no_more(tx, delivery.stream_id, now_s=now_s)
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


async def _drawn(store: Store, holder: str) -> webhooks.Secret:
    """The secret of a holder that had none when it was looked for."""
    if not is_of_key(holder):
        raise NotPosted("The webhook was removed.", hopeless=True)
    async with store.writing() as tx:
        return await webhooks.secret_or(tx, holder, new_secret(secrets.token_bytes(SECRET_BYTES)))

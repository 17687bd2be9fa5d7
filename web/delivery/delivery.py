"""What is owed to a receiver, as values: the callbacks of jobs and the webhooks of events alike. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from .cloudevents import format_id

_OF_KEY = "key:"


class Style(StrEnum):
    """How a delivery is headed, signed and tried again."""

    SIGHTENGINE = "sightengine"
    """A callback of a job."""
    STANDARD = "standard"
    """An event, by the rules of Standard Webhooks."""


class DeliveryState(StrEnum):
    """How a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up; somebody may have it tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One body to be posted. Those of one sender are sent one after the other, by their numbers."""

    sender: str
    """On whose behalf it is sent: the id of a job, a stream or a webhook."""
    number: int
    """Among those of its sender: from 1 for a job, of an event its own number."""
    style: Style
    media_id: str
    body: bytes
    url: str
    key_id: str | None
    """The key that it belongs to, None for nobody's."""
    holder: str = ""
    """Whose secret signs an event: a webhook's id, or one of `secret_of_key`."""
    stream_id: str | None = None
    """Of an event."""
    kind: str | None = None
    """The type of an event."""

    @property
    def job_id(self) -> str | None:
        return self.sender if self.style is Style.SIGHTENGINE else None

    @property
    def webhook_id(self) -> str | None:
        return self.sender if self.style is Style.STANDARD and not is_of_key(self.holder) else None

    @property
    def event_id(self) -> str | None:
        return format_id(self.number) if self.style is Style.STANDARD else None


@dataclass(frozen=True, slots=True)
class Claim:
    """On a store that many nodes send from: the one that sends a delivery, and until when no other one does."""

    by: str
    until_s: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Owed):
    """One that is written down."""

    id: str
    owed_s: float
    """Unix seconds since when it is owed."""
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_attempt_s: float | None = None
    """Unix seconds; None unless it is pending and its sender's next one."""
    last_error: str | None = None
    claim: Claim | None = None
    """The last one; None where there was none, or it was given back."""

    @property
    def host(self) -> str:
        return host_of(self.url)


def host_of(url: str) -> str:
    """Host and port of an address as it is written, without user name and password."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def secret_of_key(key_id: str | None) -> str:
    """Who holds the secret by which the `callback_url`s of a key's streams are signed, or with None the service's."""
    return f"{_OF_KEY}{key_id or ''}"


def is_of_key(holder: str) -> bool:
    """Whether it is one of `secret_of_key`, and no webhook."""
    return holder.startswith(_OF_KEY)

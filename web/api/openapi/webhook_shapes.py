"""What is answered of webhooks and callbacks, and what is posted, as types."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from ...delivery.delivery import DeliveryState
from .common import DESCRIBED, MediaId, StreamId, Time

WebhookId = Annotated[str, Field(pattern="^whk_[0-9A-Za-z]{21}$")]
EventId = Annotated[str, Field(pattern="^[0-9]{20}$")]


@with_config(DESCRIBED)
class CallbackInfo(TypedDict):
    """A callback of a job, or an event that is posted."""

    id: str
    media: MediaId
    """The job's id, or the media that the event is about."""
    number: int | None
    """Within the job, from 1; null for an event."""
    url: str
    state: DeliveryState
    attempts: int
    next_attempt: Time | None
    """Null for one that waits until those before it have gone, too."""
    error: str | None
    webhook: WebhookId | None
    """That the event is posted to; null for the `callback_url` of a stream."""
    stream: StreamId | None
    event: EventId | None
    type: str | None
    """Of the event."""


class CallbackList(TypedDict):
    """Callbacks and events that are posted, oldest first."""

    callbacks: list[CallbackInfo]


@with_config(DESCRIBED)
class WebhookInfo(TypedDict):
    """An address that events are posted to."""

    id: WebhookId
    url: str
    """User name and password masked."""
    types: list[str]
    streams: list[StreamId] | None
    """Null for all that its key sees."""
    created: Time
    disabled: str | None
    """Why nothing is sent there; null while events are."""
    pending: int
    """Events that are owed."""
    failed: int
    """Events that were given up: `/v1/callbacks?state=failed`."""


class NewWebhookInfo(WebhookInfo):
    """A new webhook."""

    secret: str


class WebhookList(TypedDict):
    """Webhooks, oldest first."""

    webhooks: list[WebhookInfo]


@with_config(DESCRIBED)
class SecretInfo(TypedDict):
    """What events are signed with."""

    secret: str
    """`whsec_…`"""
    previous_until: Time | None
    """Until when the one before signs, too."""


@with_config(DESCRIBED)
class CloudEvent(TypedDict):
    """An event, as on `/v1/events`."""

    specversion: Literal["1.0"]
    id: EventId
    type: str
    source: str
    subject: NotRequired[MediaId]
    time: Time
    datacontenttype: Literal["application/json"]
    data: dict[str, object]

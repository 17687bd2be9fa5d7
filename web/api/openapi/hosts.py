"""`/v1/hosts`, described."""

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from .common import BEARER, DESCRIBED, SEVERAL, in_path, problems
from .operation import Operation, answer

Count = Annotated[int, Field(ge=0)]


@with_config(DESCRIBED)
class HostInfo(TypedDict):
    """A machine, or a part of one, that watches streams."""

    id: str
    """The name of its node, if that was given one, or of its machine and what tells it from others there."""
    up: bool
    """It answers."""
    draining: bool
    """It gets no more streams."""
    streams: Count
    stored: Count
    """Of these, media that are watched there to their end: they do not go on elsewhere."""
    most_streams: Annotated[int, Field(ge=1)]
    """As its node was started with."""
    room: Count
    """Streams more that it is expected to bear; 0 where it takes none."""
    busy: Annotated[float, Field(ge=0.0, le=1.0)]
    """The share of its processors' time that it uses."""
    losses: Count
    """How often it was given up."""
    worker_restarts: Count
    scorer: Literal["own", "borrowed"]
    """Whether it has a detector of its own, or hosts that have one score for it."""


class HostList(TypedDict):
    """What watches streams, and its hosts by their ids."""

    engine: Literal["local", "ray"]
    hosts: list[HostInfo]


@with_config(DESCRIBED)
class DrainedHost(HostInfo):
    """A host that was drained."""

    moved: Count
    """Live streams that are opened elsewhere by this."""


_ID = in_path("id", "Id of a host.")

HOSTS = (
    Operation(
        method="GET",
        path="/v1/hosts",
        id="listHosts",
        tag="Hosts",
        summary="The hosts that watch streams",
        text="For keys with the scope `admin`. There are none where the service watches all streams itself. " + SEVERAL,
        answers={200: answer("The hosts.", HostList)} | problems(),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/hosts/{id}/drain",
        id="drainHost",
        tag="Hosts",
        summary="Take a host out of service",
        text="It gets no more streams, and its live ones are opened elsewhere. Done again it changes nothing.",
        parameters=(_ID,),
        answers={200: answer("The host as it stands.", DrainedHost)} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="DELETE",
        path="/v1/hosts/{id}/drain",
        id="undrainHost",
        tag="Hosts",
        summary="Give a host streams again",
        parameters=(_ID,),
        answers={200: answer("The host as it stands.", HostInfo)} | problems(404),
        security=BEARER,
    ),
)

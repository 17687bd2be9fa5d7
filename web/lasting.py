"""Which streams outlive the service: those that are live."""

from collections.abc import Callable

from stream.address import Address
from stream.sample import State, Status

from .around import Remembering
from .running import Stream


def last(stream: Stream, address: Address, standing: Remembering) -> Callable[[Status], None]:
    """Have the next service take up a stream that is live. Returns who is to hear of its states in its place.

    Some protocols are for live media alone. Of HTTP nobody knows before it is open: stored media are never taken up.
    """
    if address.is_live_protocol:
        standing.add(stream.standing(address))
        return stream.hear

    def hear(status: Status) -> None:
        stream.hear(status)
        if status.state is not State.LIVE or status.info is None:
            return
        if status.info.live:
            standing.add(stream.standing(address))
        else:
            standing.remove(stream.id)

    return hear

"""How a worker reaches WebRTC peers: the operator's choice of servers and ports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IceOptions:
    """Without servers none is contacted; without ports the system chooses."""

    servers: tuple[str, ...] = ()
    """Addresses by RFC 7064 and RFC 7065, such as `stun:stun.example.org:3478`; the first of each kind is used."""
    username: str | None = None
    credential: str | None = None
    """Both for TURN."""
    ports: tuple[int, int] | None = None
    """First and last UDP port."""

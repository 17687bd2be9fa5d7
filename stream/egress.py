"""Where media may be fetched from: the one check that every address passes before a connection is made for it."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

from stream.address import Address
from stream.errors import AddressRefused, HostUnknown, SourceTimeout
from stream.options import SourceOptions

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str], Sequence[str]]


def check(address: Address, options: SourceOptions, resolve: Resolve | None = None) -> None:
    """Resolve an address's host and decide whether it may be reached.

    A source that the operator named may be anywhere, but its name must resolve. Raises `HostUnknown`,
    `AddressRefused` or `SourceTimeout`.
    """
    if address.host is not None:
        reachable(address.host, options, options.open_timeout_s, resolve)


def reachable(host: str, options: SourceOptions, timeout_s: float, resolve: Resolve | None = None) -> Sequence[str]:
    """The IP addresses of a host, every one of them allowed: whoever connects must connect to these, not resolve again.

    Raises `HostUnknown`, `AddressRefused` or `SourceTimeout`.
    """
    found = _resolve_in_time(host, timeout_s, resolve or _resolve)
    if options.trusted:
        return found
    allowed = [ipaddress.ip_network(network, strict=False) for network in options.egress_allow]
    for text in found:
        plain = text.partition("%")[0]
        if not permitted(ipaddress.ip_address(plain), allowed):
            raise AddressRefused(
                f"{host} is not on the public internet ({text}); "
                f"to allow it, add its network to GOREWATCH_EGRESS_ALLOW, for example {ipaddress.ip_network(plain)}."
            )
    return found


def permitted(ip: IPAddress, allowed: Sequence[Network]) -> bool:
    """Whether an address is public, or in a network that the operator allows."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    actual = mapped or ip
    if any(actual.version == network.version and actual in network for network in allowed):
        return True
    return actual.is_global and not actual.is_multicast


def _resolve(host: str) -> Sequence[str]:
    return sorted({str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})


def _resolve_in_time(host: str, timeout_s: float, resolve: Resolve) -> Sequence[str]:
    """The system's resolver cannot be interrupted: it runs in a thread that is left behind when it takes too long."""
    outcome: list[Sequence[str] | OSError | UnicodeError] = []

    def run() -> None:
        try:
            outcome.append(resolve(host))
        except (OSError, UnicodeError) as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name="gorewatch-resolve", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not outcome:
        raise SourceTimeout(f"The name {host} was not resolved within {timeout_s:g} s.")
    found = outcome[0]
    if isinstance(found, OSError | UnicodeError) or not found:
        raise HostUnknown(f"The host {host} is unknown; check its name.")
    return found

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

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is handed out; the standard library calls more of it global, site-local addresses among it."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


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
    """Whether an address is public, or in a network that the operator allows.

    An IPv6 address that stands for an IPv4 one leads there, and is judged as that one.
    """
    inner = _embedded(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    for candidate in (ip, inner):
        if any(candidate is not None and candidate.version == net.version and candidate in net for net in allowed):
            return True
    if inner is not None:
        return _public(inner)
    return _public(ip) and (ip.version == 4 or ip in _GLOBAL_UNICAST)


def _public(ip: IPAddress) -> bool:
    return ip.is_global and not ip.is_multicast


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):  # :: and ::1 are IPv6's own
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour


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

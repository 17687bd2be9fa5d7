"""One HTTP request and the head of its answer: connection, TLS and head share one deadline.

A socket's own time-out starts anew with every byte, which a server that drips holds up for ever: here each wait gets
what the deadline has left. Nothing that a server says is repeated in a message, where it would reach logs and people.
"""

import base64
import http.client
import io
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from stream.address import Address
from stream.deadline import Deadline
from stream.errors import ConnectionLost, ConnectionRefused, HostUnknown, ServerError, SourceTimeout
from stream.tls import client_context

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HEADERS = {"User-Agent": "gorewatch", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


class _Wire(io.RawIOBase):
    """A connection's bytes, each wait for which ends with the deadline. Owns the connection."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connection.settimeout(self._deadline.left_s())
        return self._connection.recv_into(buffer)

    def close(self) -> None:
        self._connection.close()
        super().close()


def request(
    address: Address, name: str, ips: Sequence[str], deadline: Deadline, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """GET an address (in its wire form) from the first of its IPs that takes the connection.

    `name` is what messages call it. The answer owns its connection. Raises `SourceError`.
    """
    try:
        connection = _connect(address, name, ips, deadline)
        try:
            return _exchange(connection, address, deadline, headers)
        except BaseException:
            connection.close()
            raise
    except TimeoutError as error:
        raise SourceTimeout(f"{name} did not answer in time.") from error
    except http.client.RemoteDisconnected as error:
        raise ConnectionLost(f"{name} hung up without an answer.") from error
    except (http.client.HTTPException, ValueError) as error:
        raise ServerError(f"{name} does not speak HTTP.") from error
    except OSError as error:
        raise ConnectionLost(f"{name} gave no answer: {reason(error)}.") from error


def reason(error: OSError | None) -> str:
    """In the system's words; an error's own text may hold what the other side sent."""
    return os.strerror(error.errno) if error is not None and error.errno and error.errno > 0 else "it broke off"


def _exchange(
    connection: socket.socket, address: Address, deadline: Deadline, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    assert address.host is not None, "an HTTP address has a host"
    parts = urlsplit(address.url)
    asking = http.client.HTTPConnection(address.host, address.port)
    asking.sock = connection
    connection.settimeout(deadline.left_s())
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    asking.request("GET", path, headers={**_HEADERS, **_authorization(parts.netloc), **headers})
    answer = http.client.HTTPResponse(connection, method="GET")
    answer.fp.close()
    answer.fp = io.BufferedReader(_Wire(connection, deadline))
    answer.begin()
    return answer


def _connect(address: Address, name: str, ips: Sequence[str], deadline: Deadline) -> socket.socket:
    refused: OSError | None = None
    for ip in ips:
        try:
            plain = socket.create_connection((ip, address.port), timeout=deadline.left_s())
        except TimeoutError:
            raise
        except OSError as error:
            refused = error
            continue
        return _secured(plain, address, name, deadline) if address.scheme == "https" else plain
    if isinstance(refused, ConnectionRefusedError):
        raise ConnectionRefused(f"{name} refuses the connection; nothing listens on that port.") from refused
    raise ConnectionLost(f"{name} cannot be reached: {reason(refused)}.") from refused


def _secured(plain: socket.socket, address: Address, name: str, deadline: Deadline) -> socket.socket:
    try:
        plain.settimeout(deadline.left_s())
        return client_context().wrap_socket(plain, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        # OpenSSL's own sentence, out of a fixed list; at most our own host's name is in it.
        raise ConnectionLost(f"{name} cannot be trusted: {error.verify_message}.") from error
    except ssl.SSLError as error:
        raise ConnectionLost(f"{name} cannot be spoken to by TLS.") from error
    except ValueError as error:
        raise HostUnknown(f"{name} has no host name that TLS can check.") from error
    finally:
        plain.close()  # without effect once TLS has taken the connection over


def _authorization(netloc: str) -> dict[str, str]:
    userinfo, at, _ = netloc.rpartition("@")
    if not at:
        return {}
    user, _, password = userinfo.partition(":")
    pair = f"{unquote(user)}:{unquote(password)}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

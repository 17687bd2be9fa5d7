"""Servers that say what a test has written for them: enough RTSP and RTMP to see what a client makes of it."""

import asyncio
import datetime as dt
import ipaddress
import itertools
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers.background import LoopThread

_A_SECOND = 10
"""Pieces."""

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Scripted:
    """Plays its script with every client; counts them in `connections`."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.port = 0

    async def start(self, host: str, context: ssl.SSLContext | None) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, host, 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def stop(self, server: asyncio.Server) -> None:
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            await self._script(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)


@contextmanager
def run_scripted(script: Script, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    scripted = Scripted(script)
    with LoopThread("scripted") as loop:
        server = loop.run(scripted.start(host, context))
        try:
            yield scripted
        finally:
            loop.run(scripted.stop(server))


async def hush(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(65_536):
        pass


def _sdp(control: str) -> bytes:
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=RTSP/RTP stream 1\r\nt=0 0\r\n"
        f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:{control}\r\n"
    ).encode()


class Rtsp:
    """Answers RTSP up to PLAY, then hangs up. `answers` replaces the whole answer to a method."""

    def __init__(self, answers: dict[str, bytes], *, base: str = "", control: str = "track1", byte_wise: bool = False):
        self._answers = answers
        self._base = base
        self._control = control
        self._byte_wise = byte_wise
        self.said: list[str] = []
        """The first line of each request."""

    async def script(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.said.append(request.splitlines()[0])
            method = request.split(" ", 1)[0]
            number = request.partition("CSeq: ")[2].split("\r\n", 1)[0]
            answer = self._answers.get(method) or self._usual(method)
            answer = answer.replace(b"{number}", number.encode())
            step = 1 if self._byte_wise else len(answer)
            for start in range(0, len(answer), step):
                writer.write(answer[start : start + step])
                await writer.drain()
                if self._byte_wise:
                    await asyncio.sleep(0)
            if method == "PLAY":
                return

    def _usual(self, method: str) -> bytes:
        head = b"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n"
        if method == "DESCRIBE":
            sdp = _sdp(self._control)
            base = f"Content-Base: {self._base}\r\n" if self._base else ""
            return head + f"Content-Type: application/sdp\r\n{base}Content-Length: {len(sdp)}\r\n\r\n".encode() + sdp
        if method == "SETUP":
            return head + b"Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
        return head + b"\r\n"


class Endless:
    """Sends a clip by HTTP at about its pace, over and over, until its client leaves; `watching` counts those."""

    def __init__(self, clip: bytes, *, seconds: float) -> None:
        size = max(round(len(clip) / seconds / _A_SECOND), 1)
        self._pieces = [clip[at : at + size] for at in range(0, len(clip), size)]
        self.watching = 0

    async def script(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n")
        leaving = asyncio.ensure_future(hush(reader, writer))
        self.watching += 1
        try:
            for piece in itertools.cycle(self._pieces):
                writer.write(piece)
                await writer.drain()
                done, _ = await asyncio.wait({leaving}, timeout=1 / _A_SECOND)
                if done:
                    return
        finally:
            self.watching -= 1
            leaving.cancel()
            await asyncio.wait({leaving})
            if not leaving.cancelled():
                leaving.exception()


class RtmpEar:
    """Shakes hands, keeps what `connect` says of the application, hangs up."""

    def __init__(self) -> None:
        self.connects: list[bytes] = []

    async def script(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.readexactly(1537)
        writer.write(b"\x03" + bytes(1536) + hello[1:])
        await reader.readexactly(1536)
        await reader.readexactly(12)
        connect = bytearray()
        while b"capabilities" not in connect:
            connect += await reader.readexactly(1)
            if len(connect) % 128 == 0:
                # A message comes in pieces; each after the first has a header of one byte.
                await reader.readexactly(1)
        self.connects.append(bytes(connect))


def certify(folder: Path, name: str) -> ssl.SSLContext:
    """A server's side of TLS for a host name or IP address; who trusts `folder / "root.pem"` trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name)]
    if name[0].isdigit():
        alternatives = [x509.IPAddress(ipaddress.ip_address(name))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    root, private = folder / "root.pem", folder / "key.pem"
    root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(root, private)
    return context

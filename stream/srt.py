"""SRT by a program of the system's: PyAV's FFmpeg speaks none.

`srt-live-transmit` (Debian: srt-tools) passes the bytes on as they are and is preferred; an `ffmpeg` that has SRT
copies the video into MPEG-TS. The program runs under the worker's limits and ends with the thread that reads from it.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import IO
from urllib.parse import urlencode

from stream import egress
from stream.address import Address, srt_mode, srt_options
from stream.errors import AddressInvalid, AddressRefused, ConnectionLost, ToolMissing
from stream.options import SourceOptions

_KNOWN = ("latency", "passphrase", "pbkeylen", "streamid")
"""What is passed on besides the mode. Anything else could make the program listen or write somewhere."""
_END_TIMEOUT_S = 2.0
_ASK_TIMEOUT_S = 10.0
_SAID_BYTES = 4096
_US_PER_MS = 1000

Which = Callable[[str], str | None]


@contextmanager
def transmitted(address: Address, options: SourceOptions, which: Which = shutil.which) -> Iterator["Program"]:
    """Start the program; while the block lasts it can be read from.

    Raises `ToolMissing` where none is installed, `AddressInvalid`, `HostUnknown`, `SourceTimeout`, and
    `AddressRefused` also for an address to listen at that the operator did not name.
    """
    mode = srt_mode(address)
    if mode != "caller" and not options.trusted:
        raise AddressRefused(
            f"With mode={mode} a port of this machine is opened, which only its operator may do: "
            f"start the service with --source NAME={address.redacted}."
        )
    command = _command(address, options, mode, which)
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [*_bound_to_us(which), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,  # a Ctrl-C at the terminal is for the service alone
        ) as process,
    ):
        try:
            yield Program(process, said, address)
        finally:
            _end(process)


class Program:
    """The running program's output."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes], address: Address) -> None:
        assert process.stdout is not None, "its output is piped"
        self._process = process
        self._output = process.stdout.fileno()
        self._said = said
        self._address = address
        self._gave = False

    held = False

    def fileno(self) -> int:
        return self._output

    def take(self, size: int) -> bytes:
        """What is there, at most `size` bytes; none at the end. Raises `ConnectionLost` if it ended before any came."""
        data = os.read(self._output, size)
        if not data and not self._gave:
            reason = self._last_words()
            raise ConnectionLost(f"{self._address.redacted} gave nothing{f': {reason}' if reason else ''}.")
        self._gave = True
        return data

    def _last_words(self) -> str:
        """The last line that the program complained with, without what must stay secret."""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - _SAID_BYTES))
        lines = self._said.read(_SAID_BYTES).decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        secret = srt_options(self._address).get("passphrase")
        return (last.replace(secret, "***") if secret else last).rstrip(".")


def _command(address: Address, options: SourceOptions, mode: str, which: Which) -> Sequence[str]:
    assert address.host is not None, "a network address has a host"
    transmit, ffmpeg = which("srt-live-transmit"), which("ffmpeg")
    if transmit is None and (ffmpeg is None or not _has_srt(ffmpeg)):
        raise ToolMissing("SRT needs the program srt-live-transmit, or an ffmpeg with SRT: apt-get install srt-tools.")
    ip = egress.reachable(address.host, options, options.open_timeout_s)[0]
    asked = {name: value for name, value in srt_options(address).items() if name in _KNOWN}
    if any("\0" in value for value in asked.values()):
        raise AddressInvalid("The address contains a NUL character.")
    host = f"[{ip}]" if ":" in ip else ip
    if transmit is not None:
        url = f"srt://{host}:{address.port}?{urlencode({'mode': mode, **asked})}"
        return [transmit, "-q", "-a:no", "-loglevel:error", url, "file://con"]
    if "latency" in asked:
        asked["latency"] = _microseconds(asked["latency"])
    url = f"srt://{host}:{address.port}?{urlencode({'mode': mode, **asked})}"
    assert ffmpeg is not None, "one of the two is there"
    quiet = ["-nostdin", "-hide_banner", "-loglevel", "error"]
    return [ffmpeg, *quiet, "-i", url, "-map", "0:v:0", "-c", "copy", "-f", "mpegts", "-flush_packets", "1", "pipe:1"]


def _microseconds(milliseconds: str) -> str:
    """FFmpeg counts SRT's latency in other units than everybody else. Raises `AddressInvalid`."""
    if not milliseconds.isdecimal():
        raise AddressInvalid("The latency of an SRT address is a whole number of milliseconds.")
    return str(int(milliseconds) * _US_PER_MS)


@cache
def _has_srt(ffmpeg: str) -> bool:
    try:
        found = subprocess.run(
            [ffmpeg, "-hide_banner", "-protocols"], capture_output=True, timeout=_ASK_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"srt" in found.stdout.split()


def _bound_to_us(which: Which) -> list[str]:
    """So that the program dies with the worker, however that dies: the kernel ends it with the thread that began it."""
    setpriv = which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--"]


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None, "its output is piped"
    process.stdout.close()
    process.terminate()
    try:
        process.wait(_END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()

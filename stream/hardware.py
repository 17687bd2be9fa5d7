"""Decoding on an NVIDIA GPU (NVDEC), where there is one; on the CPU where there is none, and that is said."""

import logging
from functools import cache

import av.error
from av.codec.codec import Codec
from av.codec.hwaccel import HWAccel

from stream.options import Decoder

_DEVICE = "cuda"
_ANY_CODEC = "h264"
_log = logging.getLogger("gorewatch.worker")


def acceleration(decoder: Decoder) -> HWAccel | None:
    """What `av.open` is to decode with; None for the CPU.

    Where a GPU was asked for and cannot be had, the log says so, once a process. A codec that the GPU does not know is
    decoded on the CPU all the same.
    """
    if decoder == "cpu":
        return None
    reason = _unavailable()
    if reason is None:
        return HWAccel(_DEVICE, allow_software_fallback=True)
    if decoder == "nvdec":
        _say_once(reason)
    return None


@cache
def _unavailable() -> str | None:
    """Why there is no NVDEC in this process; None where there is."""
    try:
        HWAccel(_DEVICE).create(Codec(_ANY_CODEC, "r"))
    except (av.error.FFmpegError, RuntimeError, ValueError, OSError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return None


@cache
def _say_once(reason: str) -> None:
    _log.warning("NVDEC was asked for and cannot be had (%s): decoding on the CPU", reason)

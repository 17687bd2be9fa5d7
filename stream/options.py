"""How one source is to be opened, decoded and sampled: what the service tells a worker about it."""

from dataclasses import dataclass
from typing import Literal

Decoder = Literal["cpu", "nvdec", "auto"]
"""What decodes: the CPU; an NVIDIA GPU, and the CPU with a warning where that cannot be had; the same without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """All times in seconds."""

    fps: float = 2.0
    """Samples per second of media time, at most."""
    adaptive: bool = False
    """Of live media: fewer samples while the picture stands still, more after a cut or when told to hurry."""
    max_fps: float = 8.0
    """Samples per second of media time, at most, while it hurries."""
    calm_s: float = 2.0
    """Of live media that does not change, a sample is taken at least this often, or `fps` times a second if rarer."""
    decode: Literal["auto", "all", "keyframes"] = "auto"
    decoder: Decoder = "cpu"
    open_timeout_s: float = 10.0
    """From the first packet sent to the first frame's codec being known."""
    read_timeout_s: float = 10.0
    """Longest wait for one packet."""
    patience_s: float = 60.0
    """Longest wait for a packet of a live playlist that is answered, but does not grow."""
    decode_errors_per_min: int = 600
    """Live media that has more of them is given up."""
    trusted: bool = False
    """The operator named the address: it may be anywhere. Otherwise only public networks and `egress_allow`."""
    egress_allow: tuple[str, ...] = ()
    """Networks in CIDR form that may be reached although they are not public."""
    paced: bool = False
    """Read a stored file at its own speed, as if it were live."""
    loop: bool = False
    """Start a stored file again when it ends, as a new epoch of the same media."""
    kind: Literal["any", "image", "video"] = "any"
    """What it must be. An image is read whole and every frame of an animated one is a sample; a video is stored and of
    a common container, and opens no file besides its own. Both are read at a lower priority than streams."""
    most_bytes: int = 12 * 1024 * 1024
    """Of an image."""
    most_frames: int = 50
    """Of an animated image."""
    longest_s: float | None = None
    """A video of as many seconds or more is refused; so is one whose end is not known."""

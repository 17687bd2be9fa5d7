"""How sources are read: by their stream's policy, and by what holds for all of a service. Pure."""

from dataclasses import dataclass
from typing import Literal

from inference.policy import Policy
from stream.options import Decoder, SourceOptions

Kind = Literal["any", "video"]
"""What an address must lead to."""
_CALM_S = 2.0
"""Between two samples of a live picture that does not change, unless events are wanted more often."""
_PATIENCE_S = 60.0
"""What a worker waits for a live playlist beyond what its supervision does, which counts from when it is played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every source."""

    egress_allow: tuple[str, ...]
    decode_errors_per_min: int
    decoder: Decoder

    def options(
        self, policy: Policy, *, trusted: bool, paced: bool = False, loop: bool = False, kind: Kind = "any"
    ) -> SourceOptions:
        return SourceOptions(
            fps=policy.fps,
            adaptive=policy.adaptive,
            max_fps=policy.max_fps,
            calm_s=min(_CALM_S, policy.event_interval),
            decode=policy.decode,
            decoder=self.decoder,
            trusted=trusted,
            egress_allow=self.egress_allow,
            patience_s=policy.stall_after + policy.reconnect_for + _PATIENCE_S,
            decode_errors_per_min=self.decode_errors_per_min,
            paced=paced,
            loop=loop,
            kind=kind,
        )

"""When a stream is worth a closer look: while prob is about to reach the threshold."""

_LEAST_STEP = 0.05


def rising(prob: float, raw: float, *, threshold: float, release: float) -> bool:
    """Whether the newest raw score draws prob up, towards a threshold that it has not reached.

    All in [0, 1]. A raw score under `release` leads to no incident, and one that is close to prob moves nothing.
    """
    return prob < threshold and raw >= release and raw - prob >= _LEAST_STEP

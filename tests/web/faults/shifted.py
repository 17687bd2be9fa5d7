"""`gorewatch` with a clock that is wrong, and with all the time that its store wants: `… -m tests.web.faults.shifted`.

The first argument is by how many hours the clock is set, the others are the command's own. What a service sends before
it is kept, since its store is slow, a kill takes away; whether that happens must not hang on how busy a machine is.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict

_WAIT_S = 60.0


def shifted(clock: Callable[[], float], by_s: float) -> Callable[[], float]:
    return lambda: clock() + by_s


def main(hours: float, arguments: list[str]) -> None:
    # Before anything has taken hold of it.
    time.time = shifted(time.time, hours * 3600.0)
    from web.cli import main as gorewatch
    from web.delivery.outbox import Patience

    Patience.__init__.__kwdefaults__ = asdict(Patience()) | {"send_s": _WAIT_S}
    gorewatch(arguments)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])

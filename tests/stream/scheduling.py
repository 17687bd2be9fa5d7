"""How the thread of a test is scheduled, whatever it runs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def usual_scheduling() -> Iterator[None]:
    """Encoders may change how this thread is scheduled: SVT-AV1 gives it the highest real-time priority, if it may.

    Whatever were started from here afterwards would have that, too, and leave no processor to anybody else.
    """
    if sys.platform != "linux":
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)

"""Has Python look for garbage less often than by itself."""

import gc

_YOUNG, _MIDDLE, _OLD = 10_000, 20, 50


def collect_rarely() -> None:
    """To be called once all is built that lasts as long as the process.

    What cannot be reached goes without it, but for cycles, of which a process makes few; with thousands of streams
    each search for them looks through what these keep. It was a fifth of what judging costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)

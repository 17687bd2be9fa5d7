"""What a server's certificate is checked with: read once and shared, for it is large."""

import ssl
from functools import lru_cache
from pathlib import Path


def client_context() -> ssl.SSLContext:
    """For connections to servers whose name is verified, of any thread; made anew when the authorities have changed.

    Reading them takes 20 ms of processor time and a megabyte, which every source would pay.
    """
    paths = ssl.get_default_verify_paths()
    return _made(*((path, _changed_ns(path)) for path in (paths.cafile, paths.capath)))


@lru_cache(maxsize=1)
def _made(*authorities: tuple[str | None, int]) -> ssl.SSLContext:
    del authorities  # they tell whether what was read is what lies there
    context = ssl.create_default_context()
    # What is read never needs a write then, nor the other way round.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def _changed_ns(path: str | None) -> int:
    try:
        return 0 if path is None else Path(path).stat().st_mtime_ns
    except OSError:
        return 0

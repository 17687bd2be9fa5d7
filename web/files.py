"""Which files of this machine an HTTP caller may name as a source."""

from collections.abc import Sequence
from pathlib import Path


def may_read(path: str, *, roots: Sequence[str], keyed: bool) -> bool:
    """Any file while no key was made, so that the service is for this machine alone; then those really under `roots`.

    Links are followed first: one that lies under a root but leads elsewhere is refused.
    """
    if not keyed:
        return True
    real = Path(path).resolve()
    return any(real.is_relative_to(Path(root).resolve()) for root in roots)

"""Freed memory is kept where the C library can: in a process of its own, for it goes for all that comes after."""

import subprocess
import sys

_TWICE = """
from inference.training.memory import keep_freed_memory
first, again = keep_freed_memory(), keep_freed_memory()
large = [bytearray(1 << 24) for _ in range(4)]
print(first, again, sum(map(len, large)))
"""
_ELSEWHERE = f"import sys; sys.platform = 'darwin'\n{_TWICE}"


def _run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def test_it_says_whether_it_could_and_says_it_again() -> None:
    first, again, size = _run(_TWICE)
    assert first in ("True", "False")
    assert again == first
    assert int(size) == 4 << 24


def test_elsewhere_than_on_linux_nothing_is_done() -> None:
    assert _run(_ELSEWHERE)[:2] == ["False", "False"]

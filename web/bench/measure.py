"""What the benchmarks measure with: CPU time and memory of processes, quantiles, slopes, the machine's name."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import psutil


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def report(bench: str, figures: dict[str, object]) -> None:
    """The result: one JSON line, last on standard output."""
    print(json.dumps({"bench": bench, "commit": commit(), "machine": machine(), **figures}), flush=True)


def cpu_s(pids: Iterable[int]) -> float:
    """User and system seconds that these processes have used so far."""
    return sum(times.user + times.system for times in (psutil.Process(pid).cpu_times() for pid in pids))


def resident_mb(pids: Iterable[int]) -> float:
    """Memory that these processes hold together, pages that they share counted once for each."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6


def quantile_ms(seconds: Sequence[float], share: float) -> float | None:
    return round(float(np.quantile(seconds, share)) * 1000.0, 1) if seconds else None


def slope_per_hour(times_s: Sequence[float], values: Sequence[float]) -> float | None:
    """Least-squares slope, in units of the values an hour; None for fewer than three points."""
    if len(times_s) < 3:
        return None
    return round(float(np.polyfit(np.asarray(times_s) / 3600.0, values, 1)[0]), 2)


def machine() -> str:
    """Processor, cores and system, for people."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def processor_flags(names: Sequence[str]) -> dict[str, bool] | None:
    """Which of these the processor has, as Linux names them; None where it does not say."""
    flags = _cpuinfo("flags").split()
    return {name: name in flags for name in names} if flags else None


def _cpuinfo(key: str) -> str:
    """What Linux says of the first processor; nothing elsewhere."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return ""


def commit() -> str | None:
    """The commit of a source checkout; None where the program is installed without one."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10.0,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None

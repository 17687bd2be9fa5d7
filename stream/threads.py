"""Threads that are used again: a new one for every picture costs more than the picture's decoding.

The C library gives each thread a part of the heap, which a thread that ends takes along: the next one has the kernel
clear megabytes of fresh memory for it.
"""

import queue
import threading
from collections.abc import Callable

_Jobs = queue.SimpleQueue[Callable[[], None] | None]
"""None ends the thread."""


class Threads:
    """Runs each job at once, in a thread that is free or in a new one. Its threads do not keep the process from ending.

    `begin` is called once in each thread; it and jobs must not raise. Up to `idle` threads wait for the next job until
    `close`; those beyond that end with theirs.
    """

    def __init__(self, name: str, *, begin: Callable[[], None], idle: int) -> None:
        self._name = name
        self._begin = begin
        self._most_idle = idle
        self._idle: list[_Jobs] = []
        self._lock = threading.Lock()
        self._started = 0

    def run(self, job: Callable[[], None]) -> None:
        """Have a job done. Returns at once."""
        with self._lock:
            jobs = self._idle.pop() if self._idle else None
            if jobs is None:
                self._started += 1
        if jobs is None:
            jobs = queue.SimpleQueue()
            name = f"{self._name}-{self._started}"
            threading.Thread(target=self._work, args=(jobs,), name=name, daemon=True).start()
        jobs.put(job)

    def close(self) -> None:
        """Take no more jobs, and let threads end that have none. Idempotent."""
        with self._lock:
            self._most_idle = 0
            for jobs in self._idle:
                jobs.put(None)
            self._idle.clear()

    def _work(self, jobs: _Jobs) -> None:
        self._begin()
        while True:
            job = jobs.get()
            if job is None:
                return
            job()
            del job  # it holds a source and its pictures
            with self._lock:
                if len(self._idle) >= self._most_idle:
                    return
                self._idle.append(jobs)

"""Threads that are used again."""

import threading
import time
from queue import SimpleQueue

from stream.threads import Threads

_TIMEOUT_S = 30.0


def _alive(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"{name}-")]


def test_jobs_one_after_the_other_share_threads_that_were_begun_once() -> None:
    begun: SimpleQueue[str] = SimpleQueue()
    done: SimpleQueue[str] = SimpleQueue()
    threads = Threads("shared", begin=lambda: begun.put(threading.current_thread().name), idle=4)
    names = set()
    for _ in range(200):
        threads.run(lambda: done.put(threading.current_thread().name))
        names.add(done.get(timeout=_TIMEOUT_S))
    threads.close()
    # The next job may come before the thread of the last one is free.
    assert len(names) < 20
    assert begun.qsize() == len(names)


def test_jobs_never_wait_for_each_other_and_few_threads_stay() -> None:
    together = threading.Barrier(9)

    def wait() -> None:
        together.wait(_TIMEOUT_S)

    threads = Threads("many", begin=lambda: None, idle=2)
    for _ in range(8):
        threads.run(wait)
    together.wait(_TIMEOUT_S)
    deadline_s = time.monotonic() + _TIMEOUT_S
    while len(left := _alive("many")) > 2:
        assert time.monotonic() < deadline_s
        left[0].join(0.01)
    assert len(left) == 2
    threads.close()
    for thread in left:
        thread.join(_TIMEOUT_S)
        assert not thread.is_alive()

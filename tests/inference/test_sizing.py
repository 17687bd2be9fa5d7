"""The scorer's sizes: nothing waits on a CPU, one thread owns a GPU."""

import pytest

from inference.sizing import sizing


@pytest.mark.parametrize(("cpus", "threads"), [(0, 1), (1, 1), (8, 8)])
def test_a_cpu_scores_at_once_on_every_processor_it_is_given(cpus: int, threads: int) -> None:
    sizes = sizing("cpu", cpus=cpus)
    assert (sizes.threads, sizes.max_wait_s) == (threads, 0.0)


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_gpu_gets_larger_batches_from_one_thread(provider: str) -> None:
    sizes = sizing(provider, cpus=8)
    assert sizes.threads == 1
    assert sizes.max_batch > sizing("cpu", cpus=8).max_batch

"""`gorewatch bench score` and benchmarks/gpu.sh: figures of a tiny model, in the form that others rely on."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inference.onnx_models import write_detailed, write_manifest
from tests.web.command import environment, gorewatch
from web.bench.cases import Turns, batch_sizes, ratio, thread_counts

GPU_SCRIPT = Path(__file__).parents[3] / "benchmarks" / "gpu.sh"
BATCHES = {"1", "4", "16", "64"}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.onnx"
    write_detailed(path)
    return write_manifest(path, variants={"int8": write_detailed(tmp_path / "tiny.int8.onnx")})


def test_the_last_line_has_the_headline_figures(manifest: Path) -> None:
    done = gorewatch("bench", "score", "--seconds", "1", "--quick", env={"GOREWATCH_MODEL": str(manifest)})
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["bench"] == "score"
    assert {"commit", "machine"} <= set(told)
    assert told["provider"] == "cpu"
    assert set(told["images_per_s"]) == {"fp32", "int8"}
    assert all(set(by_batch) == BATCHES for by_batch in told["images_per_s"].values())
    assert all(rate > 0 for by_batch in told["images_per_s"].values() for rate in by_batch.values())
    # A network of a few microseconds: what we add is most of it, but it must have been measured.
    assert 0.0 < told["vs_session"] < 1.5
    assert told["vs_session"] == min(min(by_batch.values()) for by_batch in told["vs_session_by"].values())
    assert 0.2 < told["int8_vs_fp32"] < 5.0
    threads = {case["threads"] for case in told["by_threads"]}
    assert {1, os.cpu_count()} <= threads
    if sys.platform == "linux":
        assert set(told["processor_flags"]) == {"avx2", "avx_vnni", "avx512_vnni"}


def test_the_script_for_gpus_can_be_tried_without_one(manifest: Path) -> None:
    variables = {"GOREWATCH_PROVIDER": "cpu", "GOREWATCH_PYTHON": sys.executable, "GOREWATCH_MODEL": str(manifest)}
    done = subprocess.run(
        [GPU_SCRIPT, "--quick"], env=environment(variables), capture_output=True, text=True, check=False, timeout=90.0
    )
    assert done.returncode == 0, done.stderr
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(case["variant"], str(case["batch"])) for case in cases} == {
        (variant, batch) for variant in ("fp32", "int8") for batch in BATCHES
    }
    assert all(case["bench"] == "gpu" and case["gpu"] is None and case["provider"] == "cpu" for case in cases)
    assert all(case["images_per_s"] > 0 and case["ms"] >= 0 and case["vs_session"] > 0 for case in cases)


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there may be a GPU here")
def test_the_script_for_gpus_says_that_there_is_none() -> None:
    variables = {name: value for name, value in environment().items() if name != "GOREWATCH_PROVIDER"}
    done = subprocess.run([GPU_SCRIPT], env=variables, capture_output=True, text=True, check=False, timeout=20.0)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "no nvidia-smi" in line


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = gorewatch("bench", "score", env={"GOREWATCH_MODEL": str(tmp_path / "none.json")})
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_threads_are_doubled_up_to_all() -> None:
    assert [thread_counts("cpu", cpus) for cpus in (1, 2, 6, 8)] == [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8)]
    assert thread_counts("cuda", 8) == (1,)


def test_a_gpu_is_measured_at_every_size_it_is_given() -> None:
    assert batch_sizes("cpu") == (1, 4, 16, 64)
    assert batch_sizes("cuda") == (1, 2, 4, 8, 16, 32, 64)


def test_the_ratio_is_that_of_speeds() -> None:
    now_s = 0.0

    def works(seconds: float) -> Iterator[None]:
        nonlocal now_s
        while True:
            now_s += seconds
            yield

    quick, slow = works(0.1), works(0.25)
    assert ratio(lambda: next(quick), lambda: next(slow), Turns(rounds=3, turn_s=0.2), lambda: now_s) == 2.5
    assert ratio(lambda: next(slow), lambda: next(quick), Turns(rounds=2, turn_s=0.2), lambda: now_s) == 0.4

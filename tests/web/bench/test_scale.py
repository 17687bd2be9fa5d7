"""The measured parts of `bench scale` on a cluster of their own, as short as can be."""

from pathlib import Path

import psutil

from web.bench.scale_cluster import running_cluster
from web.bench.scale_service import ServicePlan, served


def test_a_service_with_made_up_sources_is_measured_and_its_host_replaced(tmp_path: Path) -> None:
    found = served(ServicePlan(streams=3, settle_s=0.2, turn_s=1.5), tmp_path)
    assert found.samples_per_s > 0
    assert found.sample_ms >= found.sample_loop_ms > 0.0
    assert found.recovered_s > 0.0


def test_a_cluster_ends_with_its_block(tmp_path: Path) -> None:
    with running_cluster(tmp_path / "ray.log", cpus=1, streams=5) as cluster:
        there = [psutil.Process(pid) for pid in cluster.pids()]
        assert cluster.host_pids() == []
    assert len(there) > 3
    assert psutil.wait_procs(there, timeout=10.0)[1] == []

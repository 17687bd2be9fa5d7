"""Variants beside their reference: those within their limits stay, the others go and it is told why."""

import hashlib
from pathlib import Path

import pytest

from inference.calibrate import Platt
from tests.inference.conv_models import pictures, write_conv

pytest.importorskip("onnx", reason="needs the package onnx: pip install 'gorewatch[test]'")
from inference.training.variants import write_variants

CALIBRATION, HELD_OUT = pictures(32, seed=1), pictures(64, seed=2)


STEEP = Platt(50.0)
"""As if of the pictures most were neither clearly gore nor clearly none."""


def test_variants_within_their_limits_lie_beside_the_reference(tmp_path: Path) -> None:
    reference = write_conv(tmp_path / "conv.onnx")
    # Flat enough a curve, and far enough from 0.5, for the rounding of so small a network to be within the limits.
    facts = write_variants(reference, [CALIBRATION], [HELD_OUT], curve=Platt(0.2, 2.0))
    assert {kind: found.file for kind, found in facts.items()} == {
        "int8": "conv.int8.onnx",
        "fp16": "conv.fp16.onnx",
    }
    for found in facts.values():
        content = (tmp_path / found.file).read_bytes()
        assert found.ships
        assert (found.bytes, found.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert found.agreement.pictures == 64


def test_a_variant_beyond_its_limits_is_dropped_and_told(tmp_path: Path) -> None:
    reference = write_conv(tmp_path / "conv.onnx")
    heard: list[str] = []
    facts = write_variants(reference, [CALIBRATION], [HELD_OUT], curve=STEEP, say=heard.append)
    assert not facts["int8"].ships
    assert "p99 of |Δprob|" in facts["int8"].faults[0]
    assert not (tmp_path / "conv.int8.onnx").exists()
    assert any(line.startswith("int8: p99") for line in heard)
    assert reference.exists()


def test_nothing_held_out_is_refused(tmp_path: Path) -> None:
    for nothing in ([], [HELD_OUT, HELD_OUT[:0]]):
        with pytest.raises(ValueError, match="held out"):
            write_variants(write_conv(tmp_path / "conv.onnx"), [CALIBRATION], nothing)

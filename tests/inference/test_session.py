"""A session is opened where it was asked for, or there is a reason; nothing is said on the way."""

import os
import subprocess
import sys
from pathlib import Path

import onnxruntime as ort
import pytest

from inference.manifest import ModelError
from inference.session import granted_device, open_session
from tests.inference.onnx_models import write_tiny


def test_a_processor_is_always_to_be_had(capfd: pytest.CaptureFixture[str]) -> None:
    assert granted_device("cpu") == "cpu"
    assert granted_device("auto") in ("cpu", "cuda")
    assert capfd.readouterr() == ("", "")


def test_what_onnx_runtime_was_not_built_for_is_not_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert granted_device("auto") == "cpu"
    for provider in ("cuda", "tensorrt"):
        with pytest.raises(ModelError, match=r"cannot be used here: install .*gorewatch\[cuda\]"):
            granted_device(provider)


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(ModelError, match="Unknown provider 'gpu'; use one of auto, cuda, tensorrt, cpu"):
        granted_device("gpu")


def test_one_thread_works_for_a_session(tmp_path: Path) -> None:
    content = write_tiny(tmp_path).with_suffix(".onnx").read_bytes()
    session, device = open_session(content, "cpu", tmp_path / "tiny.onnx")
    assert device == "cpu"
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_what_is_no_model_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match=r"The model file \S+bad.onnx cannot be loaded by ONNX Runtime: [^\n]+$"):
        open_session(b"nothing", "cpu", tmp_path / "bad.onnx")
    assert capfd.readouterr() == ("", "")


_LOADED = """
from inference.model import Model
Model.load(None, provider="cpu", variant="fp32").close()
"""


@pytest.mark.parametrize("first", ["import web.bench.pipeline", "import web.app", "import inference.model"])
def test_onnx_runtime_notes_nothing_to_tell_its_makers(first: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    environment["HOME"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", f"{first}\n{_LOADED}"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name] == []

"""The project as others get it: a wheel, built and installed into an empty environment."""

import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.media import Clips
from tests.servers.service import clean_environment, running_service

pytestmark = [pytest.mark.install, pytest.mark.timeout(900)]

_ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, _ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that has nothing but the wheel and what it says that it needs.

    That is linked from the environment of the tests, where it was installed: some 700 MB.
    """
    folder = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "venv", folder)
    pip = folder / "bin" / "pip"
    _run(pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    (site,) = folder.glob("lib/python*/site-packages")
    (ours,) = Path(site).glob("gorewatch-*.dist-info")
    for needed in _needed(PathDistribution(ours)).values():
        _link(needed, site)
    _run(pip, "check")
    return folder / "bin"


def _needed(of: Distribution) -> dict[str, Distribution]:
    """All distributions that one needs, without its extras, and what they need."""
    found: dict[str, Distribution] = {}
    waiting = [(of, "")]
    while waiting:
        needing, extra = waiting.pop()
        for requirement in map(Requirement, needing.requires or ()):
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
                continue
            name = canonicalize_name(requirement.name)
            known, found[name] = name in found, distribution(name)
            if not known or requirement.extras:
                waiting += [(found[name], wanted) for wanted in ("", *requirement.extras)]
    return found


def _link(installed: Distribution, site: Path) -> None:
    """Its folders and modules."""
    for name in {file.parts[0] for file in installed.files or () if file.parts[0] not in ("..", "__pycache__")}:
        if not (site / name).exists():
            (site / name).symlink_to(Path(str(installed.locate_file(name))))


def _run(*command: object, cwd: Path | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=_environment(), cwd=cwd
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def _environment() -> dict[str, str]:
    # Nothing of this checkout or of the environment that the tests run in is to be found by accident.
    hidden = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}
    return {name: value for name, value in clean_environment().items() if name not in hidden}


def test_the_wheel_holds_the_detector_the_page_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"inference/models/gore-lite1.onnx", "inference/models/gore-lite1.json"} <= set(names)
    source = {str(path.relative_to(_ROOT)) for path in (_ROOT / "web" / "static").rglob("*") if path.is_file()}
    assert source
    assert source <= set(names)
    assert {"web/store/migrations/env.py", "web/store/migrations/versions/v0002_events.py"} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"stream", "inference", "web"}
    assert wheel.stat().st_size < 30 * 2**20


def test_the_installed_command_works_away_from_the_checkout(installed: Path, tmp_path: Path, clips: Clips) -> None:
    command = installed / "gorewatch"
    assert "Usage: gorewatch" in _run(command, "--help", cwd=tmp_path)
    facts = json.loads(_run(command, "model", "info", "--json", cwd=tmp_path))
    assert Path(facts["file"]).is_relative_to(installed.parent)
    summary = json.loads(_run(command, "scan", "--json", clips.ts, cwd=tmp_path))
    assert summary["request"]["operations"] == 12
    # A folder of the same name where the user happens to stand is not ours.
    (tmp_path / "stream").mkdir()
    (tmp_path / "stream" / "__init__.py").write_text("raise ImportError('the wrong one')\n")
    assert json.loads(_run(command, "scan", "--json", clips.ts, cwd=tmp_path))["status"] == "success"


def test_the_installed_service_serves_its_page(installed: Path, tmp_path: Path, clips: Clips) -> None:
    environment = {"PYTHONPATH": "", "VIRTUAL_ENV": "", "PATH": f"{installed}:{os.environ['PATH']}"}
    flags = ("--workers", "1", "--source", f"clip={clips.ts}")
    with running_service(tmp_path, *flags, env=environment, command=[str(installed / "gorewatch")]) as service:
        assert b"<!doctype html>" in service.request("GET", "/")[1].lower()
        service.wait_for("/v1/streams", lambda answer: answer["streams"][0]["state"] == "ended")


def test_training_is_an_extra_and_not_needed(installed: Path) -> None:
    listed = _run(installed / "pip", "list", "--format", "json")
    assert not {"torch", "onnx"} & {package["name"] for package in json.loads(listed)}

"""Packages from npm: those of the environment, or installed for the tests that need them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.needs import need, need_program

_INSTALL_S = 120.0
_OPTIONS = ("--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")
_installed: dict[tuple[str, ...], Path] = {}


def node_modules(folder: Path, *packages: str) -> Path:
    """A folder `node_modules` with these packages, each as `name@version`; skips where npm cannot get them.

    It is below this folder, or wherever this process has installed the same before.
    """
    kept = Path(sys.prefix) / "node" / "node_modules"
    if shutil.which("node") and all(_has(kept, package) for package in packages):
        return kept
    need_program("node", "nodejs")
    if packages in _installed:
        return _installed[packages]
    npm = need_program("npm", "npm")
    command = [npm, "install", *_OPTIONS, "--prefix", str(folder), *packages]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=_INSTALL_S)
    except subprocess.SubprocessError:
        need(False, f"{', '.join(packages)}, which npm cannot get: does it reach its registry?", "npm")
    _installed[packages] = folder / "node_modules"
    return _installed[packages]


def _has(kept: Path, package: str) -> bool:
    name, _, version = package.rpartition("@")
    try:
        return bool(json.loads((kept / name / "package.json").read_text())["version"] == version)
    except (OSError, ValueError, KeyError):
        return False

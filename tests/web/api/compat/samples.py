"""The samples of the documents: fenced blocks by heading, led to a service and to media of the tests, and run."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers.needs import need, need_program
from tests.web.api.compat.calling import SECRET, USER

DOCS = Path(__file__).parents[4] / "docs"
PHP = "php-cli php-curl"
BASE = "http://127.0.0.1:8080"
_TIMEOUT_S = 60.0
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def samples(document: str, heading: str) -> dict[str, list[str]]:
    """The blocks below a heading, up to the next one, by language."""
    text = (DOCS / document).read_text()
    sections = re.split(r"^#+ ", text, flags=re.MULTILINE)
    section = next(part for part in sections if part.startswith(f"{heading}\n"))
    found: dict[str, list[str]] = {}
    for language, code in _FENCE.findall(section):
        found.setdefault(language, []).append(code)
    return found


@dataclass(frozen=True)
class Place:
    """Where samples run: the service, what they name by what it is here, and a folder with the files that they send."""

    base: str
    named: Mapping[str, str]
    folder: Path

    def led(self, code: str) -> str:
        for name, here in {BASE: self.base, "USER": USER, "SECRET": SECRET, **self.named}.items():
            code = code.replace(name, here)
        return code

    def bash(self, code: str) -> Any:
        """What curl prints, without its progress."""
        need_program("curl", "curl")
        return self._printed(["bash", "-ec", 'curl() { command curl --silent --show-error "$@"; }\n' + self.led(code)])

    def python(self, code: str, result: str, **given: object) -> Any:
        """The value of a name after the sample; later samples of a page go on with what the first imported."""
        names: dict[str, Any] = {"requests": requests, **given}
        exec(compile(self.led(code), "sample", "exec"), names)  # noqa: S102
        return names[result]

    def node(self, code: str, result: str, *, module: bool = True) -> Any:
        """The value of an expression after the sample."""
        program = shutil.which("node")
        if program is None:
            pytest.skip("needs Node.js")
        # The samples stand in a program that has read its files' functions already.
        before = "import {readFile} from 'node:fs/promises';\n" if module else ""
        after = f"\nPromise.resolve({result}).then((value) => console.log(JSON.stringify(value)));"
        kind = "module" if module else "commonjs"
        return self._printed([program, f"--input-type={kind}", "-e", before + self.led(code) + after])

    def php(self, code: str, result: str) -> Any:
        """The value of an expression after the sample."""
        program = need_program("php", PHP)
        loaded = subprocess.run([program, "-m"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True).stdout
        need("curl" in loaded.split(), "PHP's curl", PHP)
        script = f"{self.led(code)}\necho json_encode({result});"
        return self._printed([program, "-d", "display_errors=stderr", "-r", script])

    def _printed(self, command: list[str]) -> Any:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def shape(value: Any) -> Any:
    """The keys of an answer, all the way down; a list by its first element, and everything else by its type.

    JavaScript knows one type of number alone.
    """
    if isinstance(value, dict):
        return {name: shape(below) for name, below in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__

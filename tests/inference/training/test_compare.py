"""The command that compares networks: what it is asked wrongly is one line."""

import subprocess
import sys

import pytest

from tests.inference.training.needs import need_training

need_training()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "/nowhere"], "error: /nowhere/manifest.csv is not there"),
        (["--data", "/nowhere", "--views", "63"], "must be a whole number from 64"),
        (["--data", "/nowhere", "--pictures", "-1"], "must be a whole number from 1"),
        (["--data", "/nowhere", "--only", "colour"], "invalid choice: 'colour'"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], said: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "inference.training.compare", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr.splitlines()[-1]

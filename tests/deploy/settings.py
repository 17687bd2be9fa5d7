"""What the service makes of an environment that stands in deploy/."""

import os
import re
from collections.abc import Mapping

import pytest

from tests.deploy.tools import DEPLOY
from web.configuration import load_settings, unknown_variables
from web.settings import Settings


def of_the_image() -> dict[str, str]:
    """What deploy/Dockerfile sets of ours."""
    return dict(re.findall(r"(GOREWATCH_[A-Z_]+)=(\S+)", (DEPLOY / "Dockerfile").read_text()))


def loaded(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> Settings:
    """The settings by an environment, over that of the image; its variables must be known, and their values good."""
    for name in [name for name in os.environ if name.startswith("GOREWATCH_")]:
        monkeypatch.delenv(name)
    ours = of_the_image() | {name: value for name, value in environment.items() if name.startswith("GOREWATCH_")}
    assert unknown_variables(ours) == []
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return load_settings()

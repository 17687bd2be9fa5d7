"""What most processes of `gorewatch` import sooner or later, imported once for all: see `tests.servers.forked`."""

import gc
import importlib

for name in (
    "inference.model",
    "web.app",
    "web.commands.feedback",
    "web.commands.keys",
    "web.commands.model",
    "web.commands.scan",
    "web.commands.scanning",
    "web.commands.serve",
    "web.configuration",
    "web.logs",
    "web.pictures",
):
    importlib.import_module(name)
# All of it stays: processes that are forked from this one need not look through it for garbage.
gc.freeze()

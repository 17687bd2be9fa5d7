"""The service, but that it never sends an event before it is kept: `python -m tests.web.patient …`."""

import functools
import runpy

from web.delivery import hub, outbox

if __name__ == "__main__":
    vars(hub)["Patience"] = functools.partial(outbox.Patience, send_s=60.0)
    runpy.run_module("web", run_name="__main__")

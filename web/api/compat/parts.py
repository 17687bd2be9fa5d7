"""What the handlers of `/1.0` work with."""

from dataclasses import dataclass

from aiohttp import web

from ...checks import Checks
from ...jobs.folder import MediaFolder
from ...jobs.jobs import Jobs
from ...turns import Turns
from .form import Spooling


@dataclass(frozen=True, slots=True)
class Compat:
    """The parts behind `/1.0`."""

    checks: Checks
    spooling: Spooling
    uploads: Turns
    """Bodies that are read at once: each of them may need room on the disk."""
    upload_grace_s: float
    jobs: Jobs
    media: MediaFolder
    job_spooling: Spooling
    """For files that a job may keep: it may outlive the service."""
    large_uploads: Turns
    """Bodies of one-time uploads that are read at once."""


COMPAT = web.AppKey("compat", Compat)


def compat_of(request: web.Request) -> Compat:
    return request.app[COMPAT]

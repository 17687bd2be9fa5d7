"""Builds the parts behind `/1.0` in order, as contexts that are left in the opposite order; no logic."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from inference.looking import Tells

from ...checks import CheckLimits, Checks, Puller
from ...jobs.jobs import Jobs
from ...jobs.opening import open_folder
from ...registry import Registry
from ...settings import Settings
from ...store.store import Store
from ...turns import Turns
from .form import Spooling
from .parts import Compat

_LARGE_UPLOADS = 16


@asynccontextmanager
async def open_compat(
    settings: Settings,
    *,
    store: Store,
    registry: Registry,
    pool: Puller,
    new_lane: Callable[[], Tells],
    owed: Callable[[], None],
) -> AsyncIterator[Compat]:
    """Everything but the running of its jobs, which is for when the registry is closed after them.

    `owed` is called when there are callbacks to be sent.
    """
    limits = CheckLimits(
        running=settings.limits.max_checks,
        waiting=settings.limits.check_queue,
        fetch_timeout_s=settings.limits.fetch_timeout_s,
    )
    async with open_folder(settings) as media:
        with _passing_folder() as folder:
            yield Compat(
                checks=Checks(pool, new_lane, limits, egress_allow=settings.egress_allow),
                spooling=Spooling(folder),
                # What came in whole still holds its place while it waits and is looked at.
                uploads=Turns(running=limits.running + limits.waiting, waiting=0, wait_s=0.0),
                upload_grace_s=settings.limits.upload_grace_s,
                jobs=Jobs(
                    store=store,
                    registry=registry,
                    folder=media,
                    policy=settings.policy,
                    max_jobs=settings.limits.max_jobs,
                    owed=owed,
                ),
                media=media,
                job_spooling=Spooling(media.incoming),
                large_uploads=Turns(running=_LARGE_UPLOADS, waiting=0, wait_s=0.0),
            )


@contextmanager
def _passing_folder() -> Iterator[Path]:
    """For files on their way to a worker; the operator places it with TMPDIR."""
    with TemporaryDirectory(prefix="gorewatch-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)

"""Builds the parts behind `/1.0` in order, as contexts that are left in the opposite order; no logic."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from inference.looking import Tells

from ... import passing
from ...checked import Checked
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
    checked: Callable[[Checked], None],
) -> AsyncIterator[Compat]:
    """All but the running of its jobs, which the registry must outlive.

    `owed` is called when there are callbacks to be sent; `checked` hears of every check that is over.
    """
    limits = CheckLimits(
        running=settings.limits.max_checks,
        waiting=settings.limits.check_queue,
        fetch_timeout_s=settings.limits.fetch_timeout_s,
    )
    async with open_folder(settings) as media:
        await asyncio.to_thread(passing.sweep)
        with passing.folder() as folder:
            yield Compat(
                checks=Checks(pool, new_lane, limits, egress_allow=settings.egress_allow, tell=checked),
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
                    region=settings.region,
                    owed=owed,
                ),
                media=media,
                job_spooling=Spooling(media.incoming),
                large_uploads=Turns(running=_LARGE_UPLOADS, waiting=0, wait_s=0.0),
            )

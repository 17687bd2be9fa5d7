"""Opens all that jobs need, in order, and closes it in the opposite one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..background import going_on
from ..settings import ConfigError, Settings
from ..store.store import Store
from .folder import MediaFolder
from .jobs import Jobs
from .sweeping import Sweeper


@asynccontextmanager
async def open_folder(settings: Settings) -> AsyncIterator[MediaFolder]:
    """The folder for files of jobs and uploads. Raises `ConfigError` where it cannot be made."""
    folder = MediaFolder(settings.data_dir)
    try:
        await asyncio.to_thread(folder.prepare)
    except OSError as error:
        raise ConfigError(
            f"The folder {settings.data_dir} cannot be written to ({error.strerror or error}); set GOREWATCH_DATA_DIR."
        ) from error
    yield folder


@asynccontextmanager
async def running_jobs(settings: Settings, jobs: Jobs, *, store: Store, folder: MediaFolder) -> AsyncIterator[None]:
    """Take up what an earlier service did not end, clear away what is too old, and leave all as it stands at the end.

    To be left before the registry closes.
    """
    sweeper = Sweeper(store, folder, region=settings.region, job_hours=settings.limits.job_hours)
    await sweeper.tidy()
    async with going_on(sweeper.run, "sweeping"):
        await jobs.resume()
        try:
            yield
        finally:
            await jobs.aclose()

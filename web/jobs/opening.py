"""Opens all that jobs need, in order, and closes it in the opposite one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..background import going_on
from ..delivery.callbacks import Dispatcher
from ..delivery.posting import Poster
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
async def open_callbacks(settings: Settings, store: Store) -> AsyncIterator[Dispatcher]:
    """What sends callbacks, those that an earlier service owed first."""
    secret = settings.signing_secret
    dispatcher = Dispatcher(
        store,
        Poster(egress_allow=settings.egress_allow),
        signing_secret=None if secret is None else secret.get_secret_value(),
    )
    async with going_on(dispatcher.run, "callbacks"):
        yield dispatcher


@asynccontextmanager
async def running_jobs(settings: Settings, jobs: Jobs, *, store: Store, folder: MediaFolder) -> AsyncIterator[None]:
    """Take up what an earlier service did not end, clear away what is too old, and leave all as it stands at the end.

    To be left before the registry closes.
    """
    sweeper = Sweeper(store, folder, job_hours=settings.limits.job_hours)
    await sweeper.tidy()
    async with going_on(sweeper.run, "sweeping"):
        await jobs.resume()
        try:
            yield
        finally:
            await jobs.aclose()

"""The store of a service, of which there is one at a time: by a lock that goes with its holder, however that ends.

A file is locked by one beside it, whatever the region. For a server see `server_lock.py`.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from ..file_lock import NotLockable, Taken, locked
from . import regions
from .address import is_file, is_server
from .errors import StoreError
from .server_lock import open_sole_on_server
from .sqlite import cannot_be_written, path_of
from .store import Store, open_store

_SUFFIX = ".lock"


def open_sole_store(
    url: str, *, region: str = regions.DEFAULT, sharing: bool = False
) -> AbstractAsyncContextManager[Store]:
    """The store at `url`, as `open_store` has it, for the only service on it; on a server, if `sharing`, of its region.

    Commands that look into a store beside its service ask `open_store`. Raises `StoreError` when another service is on
    it, and where no lock can be had.
    """
    if is_file(url):
        return _open_sole_file(url)
    return open_sole_on_server(url, region=region, sharing=sharing) if is_server(url) else open_store(url)


@asynccontextmanager
async def _open_sole_file(url: str) -> AsyncIterator[Store]:
    with _sole(path_of(url).resolve()):
        async with open_store(url) as store:
            yield store


@contextmanager
def _sole(path: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path.with_name(path.name + _SUFFIX)))
        except Taken as error:
            raise StoreError(
                f"Another gorewatch service runs on the store {path}; end that one, or give this one a store of its "
                "own with GOREWATCH_DATA_DIR or GOREWATCH_STORE."
            ) from error
        except NotLockable as error:
            raise StoreError(
                f"The store {path} lies where files cannot be locked ({error}); "
                "move it to a disk of this machine with GOREWATCH_STORE."
            ) from error
        except OSError as error:
            raise cannot_be_written(path, error) from error
        yield

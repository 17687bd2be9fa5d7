"""Remembers which pairs of user and secret were good, so that scrypt is paid once and not at every request."""

import hashlib
import secrets
from collections import OrderedDict

from ..store.keys import Key

_ENTRIES = 1024


class Verified:
    """At most 1,024 pairs, the longest unused one going first; kept as hashes under a key of this process alone."""

    def __init__(self, *, entries: int = _ENTRIES) -> None:
        self._entries = entries
        self._salt = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def add(self, key: Key, secret: str) -> None:
        self._known[self._mark(key, secret)] = None
        if len(self._known) > self._entries:
            self._known.popitem(last=False)

    def has(self, key: Key, secret: str) -> bool:
        mark = self._mark(key, secret)
        # Found by hash under a key that nobody has: how long that takes says nothing of the secret.
        if mark not in self._known:
            return False
        self._known.move_to_end(mark)
        return True

    def clear(self) -> None:
        """Forget all, as when a key was revoked."""
        self._known.clear()

    def _mark(self, key: Key, secret: str) -> bytes:
        text = f"{key.id}\0{key.secret_hash}\0{secret}".encode(errors="surrogatepass")
        return hashlib.blake2b(text, key=self._salt, digest_size=32).digest()

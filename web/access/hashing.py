"""Secrets of keys: drawn, hashed with scrypt, compared. Hashing takes some 50 ms and 16 MB: never on an event loop."""

import base64
import hashlib
import hmac
import secrets

from stream.ids import ALPHABET

_USER_DIGITS = 10
_SECRET_LENGTH = 32
_LOG_N, _R, _P = 14, 8, 1
_HASH_BYTES = 32
_MOST_MEMORY_BYTES = 64 * 2**20
_SCHEME = "scrypt"


def new_user() -> str:
    """An `api_user`: digits, as programs written for the Sightengine API may expect."""
    return str(10 ** (_USER_DIGITS - 1) + secrets.randbelow(9 * 10 ** (_USER_DIGITS - 1)))


def new_secret() -> str:
    """An `api_secret`, of 190 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(_SECRET_LENGTH))


def hashed(secret: str) -> str:
    """What is kept of a secret: the scheme, its costs, salt and hash."""
    salt = secrets.token_bytes(16)
    return _kept(salt, _digest(secret, salt, log_n=_LOG_N, r=_R, p=_P))


def matches(secret: str, kept: str) -> bool:
    """Whether `hashed` made `kept` of this secret, in the same time if not. Raises ValueError for another scheme."""
    scheme, log_n, r, p, salt, digest = kept.split("$")
    if scheme != _SCHEME:
        raise ValueError(f"a secret is kept by the unknown scheme {scheme}")
    given = _digest(secret, base64.b64decode(salt), log_n=int(log_n), r=int(r), p=int(p))
    return hmac.compare_digest(given, base64.b64decode(digest))


def _digest(secret: str, salt: bytes, *, log_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        secret.encode(errors="surrogatepass"),
        salt=salt,
        n=2**log_n,
        r=r,
        p=p,
        maxmem=_MOST_MEMORY_BYTES,
        dklen=_HASH_BYTES,
    )


def _kept(salt: bytes, digest: bytes) -> str:
    costs = map(str, (_LOG_N, _R, _P))
    return "$".join([_SCHEME, *costs, *(base64.b64encode(part).decode() for part in (salt, digest))])


NOBODYS = _kept(bytes(16), bytes(_HASH_BYTES))
"""Compared with for users that do not exist, at the same cost; nobody knows a secret that gives it."""

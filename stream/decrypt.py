"""AES-128 in CBC mode, as HLS encrypts its segments (RFC 8216, section 4.3.2.4), while they are read."""

from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_BLOCK_BYTES = 16


class Readable(Protocol):
    def read(self, size: int) -> bytes: ...

    def close(self) -> None: ...


class Decrypted:
    """A file whose bytes are decrypted and whose padding (PKCS7) is taken off. It does not seek."""

    def __init__(self, body: Readable, *, key: bytes, iv: bytes) -> None:
        """Raises ValueError for a key or an initialisation vector of the wrong length."""
        self._body = body
        self._decryptor = Cipher(AES(key), CBC(iv)).decryptor()
        self._held = b""
        self._ended = False

    def read(self, size: int) -> bytes:
        """At least one byte, at most `size`; none at the end."""
        while len(self._held) <= _BLOCK_BYTES and not self._ended:
            if data := self._body.read(max(size, _BLOCK_BYTES)):
                self._held += self._decryptor.update(data)
            else:
                self._ended = True
                self._held = _unpadded(self._held)
        # The last block may be padding: it is kept back until more has come, or the end.
        ready = len(self._held) if self._ended else len(self._held) - _BLOCK_BYTES
        count = min(size, ready)
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def close(self) -> None:
        self._body.close()


def _unpadded(data: bytes) -> bytes:
    padding = data[-1] if data else 0
    padded = 1 <= padding <= _BLOCK_BYTES and data.endswith(bytes([padding]) * padding)
    return data[:-padding] if padded else data

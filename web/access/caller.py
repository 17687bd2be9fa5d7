"""Who calls, and what that one may do. Pure."""

from dataclasses import dataclass

from .scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A key, or who holds a token of one; without a key everybody on this machine, while no key was ever made."""

    key_id: str | None
    """The `api_user`; what the caller makes belongs to it."""
    scopes: frozenset[Scope]
    rate_per_s: float | None = None
    """Requests a second, None for any number."""
    max_jobs: int | None = None
    """Jobs at once, None for any number."""
    sees_all: bool = False
    """Whether it sees what belongs to other keys."""
    by_token: bool = False
    stream: str | None = None
    """The only stream that a token is for: an id, or a name where the scope is `publish`."""
    expires_s: float | None = None
    """When a token ends, in Unix seconds."""

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def owns(self, owner: str | None) -> bool:
        """Whether what belongs to a key, or with None to nobody, is this one's to see and to end."""
        return owner is None or owner == self.key_id or self.sees_all

    def sees(self, owner: str | None, stream_id: str) -> bool:
        """The same for a stream, which a token may be bound to."""
        return self.owns(owner) and self.stream in (None, stream_id)


ANYBODY = Caller(key_id=None, scopes=frozenset(Scope), sees_all=True)
"""Who calls while no key was ever made."""

"""What WHIP says in text beside the offer itself: limits of an offer, and the fragments of trickle ICE (RFC 8840)."""

import re
from dataclasses import dataclass

from stream.errors import OfferInvalid

MOST_MEDIA_LINES = 16
MOST_CANDIDATES = 100
"""Of a peer, in its offer and in one fragment; the limit of RFC 8445 on checks."""
MOST_FRAGMENT_BYTES = 32 * 1024
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]{1,256}")
_CANDIDATE = re.compile(
    r"candidate:[A-Za-z0-9+/]{1,32} [0-9]{1,5} [A-Za-z]{1,8} [0-9]{1,10} [A-Za-z0-9.:%_-]{1,253} [0-9]{1,5}"
    r" typ [a-z]{1,16}(?: [\x21-\x7e]+ [\x21-\x7e]+)*"
)


class FragmentInvalid(Exception):
    """`str()` says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Trickled:
    """One candidate and the media section that it was given in."""

    candidate: str
    """Without `candidate:` in front."""
    mid: str | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a `PATCH` carries."""

    ufrag: str | None
    pwd: str | None
    candidates: tuple[Trickled, ...]
    ended: bool
    """No candidate follows."""


def check_offer(sdp: str) -> None:
    """Raise `OfferInvalid` for an offer that nobody sends in earnest, before it costs anything."""
    lines = sdp.splitlines()
    if sum(line.startswith("m=") for line in lines) > MOST_MEDIA_LINES:
        raise OfferInvalid(f"The offer has more than {MOST_MEDIA_LINES} media lines.")
    if sum(line.startswith("a=candidate:") for line in lines) > MOST_CANDIDATES:
        raise OfferInvalid(f"The offer has more than {MOST_CANDIDATES} candidates.")


def parse_fragment(text: str) -> Fragment:
    """Read an `application/trickle-ice-sdpfrag`. Raises `FragmentInvalid`."""
    words: dict[str, str] = {}
    candidates: list[Trickled] = []
    mid: str | None = None
    ended = False
    for line in filter(None, text.splitlines()):
        kind, equals, value = line.partition("=")
        if len(kind) != 1 or not equals:
            raise FragmentInvalid(f"{line[:40]!r} is no line of SDP.")
        if kind == "m":
            mid = None
        elif kind == "a":
            name, _, rest = value.partition(":")
            if name == "mid":
                mid = rest
            elif name == "end-of-candidates":
                ended = True
            elif name in ("ice-ufrag", "ice-pwd"):
                _take_word(words, name, rest)
            elif name == "candidate":
                candidates.append(Trickled(_candidate(value), mid))
    if len(candidates) > MOST_CANDIDATES:
        raise FragmentInvalid(f"It has more than {MOST_CANDIDATES} candidates.")
    if not (words or candidates or ended):
        raise FragmentInvalid("It says nothing about ICE.")
    return Fragment(words.get("ice-ufrag"), words.get("ice-pwd"), tuple(candidates), ended)


def write_fragment(*, ufrag: str, pwd: str, media: str, mid: str, candidates: list[str]) -> str:
    """What answers an ICE restart. `media` is the `m=` line; candidates without `candidate:` in front."""
    lines = [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}", media, f"a=mid:{mid}"]
    lines += [f"a=candidate:{candidate}" for candidate in candidates]
    return "\r\n".join([*lines, "a=end-of-candidates", ""])


def _take_word(words: dict[str, str], name: str, value: str) -> None:
    least = 22 if name == "ice-pwd" else 4
    if len(value) < least or _ICE_CHARS.fullmatch(value) is None:
        raise FragmentInvalid(f"Its {name} has characters or a length that ICE does not have.")
    if words.setdefault(name, value) != value:
        raise FragmentInvalid(f"It has two different {name}.")


def _candidate(value: str) -> str:
    if _CANDIDATE.fullmatch(value) is None:
        raise FragmentInvalid(f"{value[:60]!r} is no candidate.")
    return value.partition(":")[2]

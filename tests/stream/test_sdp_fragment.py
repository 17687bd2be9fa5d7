"""Limits of an offer, and the fragments of trickle ICE."""

import pytest

from stream.errors import OfferInvalid
from stream.sdp_fragment import (
    MOST_CANDIDATES,
    MOST_MEDIA_LINES,
    Fragment,
    FragmentInvalid,
    Trickled,
    check_offer,
    parse_fragment,
    write_fragment,
)

_RFC_8840 = """\
a=ice-ufrag:EsAw\r
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r
m=audio 9 UDP/TLS/RTP/SAVPF 0\r
a=mid:0\r
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r
a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ srflx raddr 192.0.2.1 rport 61764\r
a=candidate:473322822 1 tcp 1518280447 3f2a9c1e-0000-4e9c-a1b2-c3d4e5f60718.local 9 typ host tcptype active\r
a=end-of-candidates\r
"""


def test_a_fragment_is_read() -> None:
    fragment = parse_fragment(_RFC_8840)
    assert (fragment.ufrag, fragment.pwd, fragment.ended) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", True)
    assert [one.mid for one in fragment.candidates] == ["0", "0", "0"]
    assert fragment.candidates[0].candidate.startswith("1387637174 1 udp 2122260223 192.0.2.1 61764 typ host")


def test_what_is_written_can_be_read() -> None:
    text = write_fragment(
        ufrag="abcd",
        pwd="x" * 22,
        media="m=video 9 UDP/TLS/RTP/SAVPF 0",
        mid="1",
        candidates=["1 1 udp 5 ::1 9 typ host"],
    )
    trickled = Trickled("1 1 udp 5 ::1 9 typ host", "1")
    assert parse_fragment(text) == Fragment("abcd", "x" * 22, (trickled,), ended=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "\x00\x01\x02",
        "a=mid:0",
        "a=candidate:",
        "a=candidate:1 1 udp x 192.0.2.1 1 typ host",
        "a=candidate:1 1 udp 1 192.0.2.1 1",
        "a=candidate:1 1 udp 1 " + "a" * 300 + " 1 typ host",
        "a=ice-ufrag:x",
        "a=ice-pwd:short",
        "a=ice-ufrag:abcd\na=ice-ufrag:efgh",
        "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\n" * (MOST_CANDIDATES + 1),
    ],
    ids=range(12),
)
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(FragmentInvalid):
        parse_fragment(text)


def test_offers_that_nobody_means_are_refused() -> None:
    head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    check_offer(head + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * MOST_MEDIA_LINES)
    with pytest.raises(OfferInvalid, match="media lines"):
        check_offer(head + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 500)
    with pytest.raises(OfferInvalid, match="candidates"):
        check_offer(head + "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n" * (MOST_CANDIDATES + 1))

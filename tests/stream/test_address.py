"""Addresses: what parses, what does not and why, and that no password is ever shown."""

import pytest

from stream.address import Address, for_wire, origin, parse, redact
from stream.errors import AddressInvalid, HostUnknown


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port"),
    [
        ("rtsp://camera/stream", "rtsp", "camera", 554),
        ("rtsps://camera/stream", "rtsps", "camera", 322),
        ("RTMP://Live.Example.com/app/key", "rtmp", "live.example.com", 1935),
        ("http://example.com:8080/a.m3u8?x=1", "http", "example.com", 8080),
        ("https://user:secret@[2001:db8::1]/v", "https", "2001:db8::1", 443),
    ],
)
def test_network_addresses(text: str, scheme: str, host: str, port: int) -> None:
    address = parse(text)
    assert (address.scheme, address.host, address.port, address.url) == (scheme, host, port, text)
    assert not address.is_file


@pytest.mark.parametrize("text", ["clip.mp4", "/var/media/a b.mp4", "../x.ts", "a%20b.mp4", "über.mp4", "C"])
def test_paths_are_taken_as_they_are(text: str) -> None:
    assert parse(text) == Address(url=text, scheme="file", host=None, port=None)


def test_file_urls_are_decoded() -> None:
    assert parse("file:///var/media/a%20b.mp4").url == "/var/media/a b.mp4"
    assert parse("file://localhost/x.mp4").url == "/x.mp4"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ftp://example.com/x",
        "javascript:alert(1)",
        "concat:a.mp4|b.mp4",
        "file:relative.mp4",
        "file://otherhost/share/x.mp4",
        "http://",
        "http:///path",
        "http://host:port/",
        "http://host:99999/",
        "http://[::1/",
        "rtsp://camera/a b",
        "rtsp://camera/\r\nHost: x",
        "a\x00b",
        "http://example.com/" + "x" * 5000,
        "http://example.com/\udc80",
    ],
)
def test_what_does_not_parse_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(AddressInvalid) as caught:
        parse(text)
    assert caught.value.code == "address_invalid"
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("password", ["s3c/r3t", "s3c#r3t", "s3c?r3t", "s3c[r3t", "12#r3t"])
def test_half_a_password_is_not_told(password: str) -> None:
    with pytest.raises(AddressInvalid, match="percent-encode special characters in the user name and pass") as caught:
        parse(f"rtsp://user:{password}@host/stream")
    error: BaseException | None = caught.value
    while error is not None:
        assert "s3c" not in str(error)
        assert "r3t" not in str(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("HTTP://Example.com", "http://example.com/"),
        ("https://u:p%40@example.com:8443/a%20b?c={d}#e", "https://u:p%40@example.com:8443/a%20b?c={d}"),
        ("http://bücher.example/ü?ü", "http://xn--bcher-kva.example/%C3%BC?%C3%BC"),
        ("http://[2001:db8::1]:81/", "http://[2001:db8::1]:81/"),
    ],
)
def test_the_form_for_the_wire_is_ascii(text: str, wire: str) -> None:
    address = for_wire(parse(text))
    assert address.url == wire
    assert for_wire(address) == address
    assert parse(wire) == address


@pytest.mark.parametrize("host", ["ü" * 80, "a<b>", ".x", "a%0d%0ab"])
def test_a_host_that_is_none(host: str) -> None:
    with pytest.raises(HostUnknown):
        for_wire(parse(f"http://{host}/"))


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin(parse("https://u:p@[2001:db8::1]/x")) == "https://[2001:db8::1]"
    assert origin(parse("http://example.com:81/x")) == "http://example.com:81"


def test_an_unknown_scheme_names_the_ones_that_are_read() -> None:
    with pytest.raises(AddressInvalid, match=r"ftp: .*rtmp.*rtsp"):
        parse("ftp://example.com/x")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:s3cret@camera:554/h264?x=1", "rtsp://***:***@camera:554/h264?x=1"),
        ("rtsp://admin@camera/", "rtsp://***:***@camera/"),
        ("rtsp://admin:p@ss@camera/", "rtsp://***:***@camera/"),
        ("http://[::1", "http://[::1"),
        ("http://u:p@[::1", "http://***@[::1"),
        ("http://example.com/a@b", "http://example.com/a@b"),
        ("rtsp://user:s3c/r3t@host/x", "rtsp://***@host/x"),
        ("rtsp://user:s3c?r3t@host/x", "rtsp://***@host/x"),
        ("rtsp://user:12#r3t@host/x", "rtsp://***@host/x"),
        ("/home/me/a@b.mp4", "/home/me/a@b.mp4"),
    ],
)
def test_redaction(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_live_protocols() -> None:
    assert parse("rtmp://a/b").is_live_protocol
    assert not parse("https://a/b").is_live_protocol

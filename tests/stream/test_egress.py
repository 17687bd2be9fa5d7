"""Which addresses may be reached: public ones, and what the operator allows."""

import ipaddress
import threading
from collections.abc import Sequence

import pytest

from stream.address import parse
from stream.egress import check, permitted
from stream.errors import AddressRefused, HostUnknown, SourceTimeout
from stream.options import SourceOptions

_STRICT = SourceOptions()


def _always(*found: str) -> "Resolver":
    return Resolver(found)


class Resolver:
    def __init__(self, found: Sequence[str]) -> None:
        self.found = found

    def __call__(self, host: str) -> Sequence[str]:
        return self.found


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.20",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:2",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "fec0::1",
        "::127.0.0.1",
        "2002:7f00:1::",
        "2002:0a00:0001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "4000::1",
    ],
)
def test_what_is_not_public_is_refused(ip: str) -> None:
    assert not permitted(ipaddress.ip_address(ip), [])
    with pytest.raises(AddressRefused, match="GOREWATCH_EGRESS_ALLOW"):
        check(parse("http://somewhere/"), _STRICT, _always(ip))


@pytest.mark.parametrize(
    "ip", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::93.184.216.34"]
)
def test_public_addresses_are_allowed(ip: str) -> None:
    check(parse("http://somewhere/"), _STRICT, _always(ip))


def test_one_private_answer_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(AddressRefused):
        check(parse("http://somewhere/"), _STRICT, _always("93.184.216.34", "127.0.0.1"))


def test_the_operators_networks_are_allowed() -> None:
    options = SourceOptions(egress_allow=("192.168.0.0/16", "::1/128"))
    check(parse("rtsp://camera/"), options, _always("192.168.1.20"))
    check(parse("rtsp://camera/"), options, _always("::1"))
    check(parse("rtsp://camera/"), options, _always("64:ff9b::192.168.1.20"))
    with pytest.raises(AddressRefused):
        check(parse("rtsp://camera/"), options, _always("10.0.0.1"))


def test_a_scoped_address_is_judged_without_its_scope() -> None:
    with pytest.raises(AddressRefused):
        check(parse("http://somewhere/"), _STRICT, _always("fe80::1%eth0"))


def test_what_the_operator_named_may_be_anywhere_but_must_resolve() -> None:
    trusted = SourceOptions(trusted=True)
    check(parse("rtsp://camera/"), trusted, _always("192.168.1.20"))
    with pytest.raises(HostUnknown):
        check(parse("rtsp://camera/"), trusted, _always())


def test_a_name_that_does_not_resolve() -> None:
    with pytest.raises(HostUnknown, match=r"no-such-host\.invalid"):
        check(parse("http://no-such-host.invalid/"), _STRICT)


def test_a_name_that_no_resolver_can_take() -> None:
    with pytest.raises(HostUnknown):
        check(parse("http://" + "x" * 300 + "/"), _STRICT)


def test_a_resolver_that_does_not_answer() -> None:
    leave = threading.Event()

    def never(host: str) -> Sequence[str]:
        leave.wait(60.0)
        return ["93.184.216.34"]

    try:
        with pytest.raises(SourceTimeout):
            check(parse("http://somewhere/"), SourceOptions(open_timeout_s=0.05), never)
    finally:
        leave.set()


def test_files_need_no_network() -> None:
    check(parse("/tmp/clip.mp4"), _STRICT, _always())

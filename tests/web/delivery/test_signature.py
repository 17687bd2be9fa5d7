"""The signature of a callback, against one computed by hand with `openssl dgst -sha256 -hmac`."""

from web.delivery.signature import signature


def test_time_and_body_are_signed_with_the_whole_secret() -> None:
    signed = signature("casec_secret", b'{"a":1}', unix_s=1492774577)
    assert signed == "t=1492774577,v1=ee011ac9ddab623dbc330facc6de37df1b8e55a8eef68e2627e4fb19033194eb"


def test_another_second_or_another_byte_is_another_signature() -> None:
    first = signature("casec_secret", b"body", unix_s=1)
    assert signature("casec_secret", b"body", unix_s=2) != first
    assert signature("casec_secret", b"bodx", unix_s=1)[3:] != first[3:]
    assert signature("casec_secre", b"tbody", unix_s=1) != first

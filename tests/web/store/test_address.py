"""Addresses of stores."""

import pytest

from web.store.address import is_file, is_server, masked


@pytest.mark.parametrize(
    ("address", "file", "server"),
    [
        ("sqlite:///gorewatch.db", True, False),
        ("sqlite:////srv/gore watch/gorewatch.db", True, False),
        ("sqlite:///", False, False),
        ("sqlite:///a\0b", False, False),
        ("postgresql://db/gorewatch", False, True),
        ("postgres://db/gorewatch", False, True),
        ("postgresql+asyncpg://db/gorewatch", False, False),
        ("mysql://db/gorewatch", False, False),
        ("gorewatch.db", False, False),
    ],
)
def test_what_kind_of_store_an_address_names(address: str, file: bool, server: bool) -> None:
    assert (is_file(address), is_server(address)) == (file, server)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite:////srv/a.db", "sqlite:////srv/a.db"),
        ("postgresql://me@db:5432/gw", "postgresql://me@db:5432/gw"),
        ("postgresql://me:s3cret@db/gw?sslmode=require", "postgresql://me:***@db/gw?sslmode=require"),
        ("postgresql://:s3cret@db/gw", "postgresql://:***@db/gw"),
        ("postgresql://me:s3c@ret:s3cret@db/gw", "postgresql://me:***@db/gw"),
        ("postgresql:///gw?host=/run&password=s3cret&user=me", "postgresql:///gw?host=/run&password=***&user=me"),
        ("postgresql://db/gw?sslpassword=s3cret", "postgresql://db/gw?sslpassword=***"),
    ],
)
def test_a_password_is_not_shown(address: str, shown: str) -> None:
    assert masked(address) == shown

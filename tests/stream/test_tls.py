"""The authorities that servers are checked with are read once, and not at all for a source that needs none."""

import ssl
from pathlib import Path

import pytest

from stream.deadline import Deadline
from stream.fetch import Fetcher
from stream.options import SourceOptions
from stream.tls import client_context
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.scripted import certify


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[ssl.SSLContext]:
    """Every set of authorities that is read from now on."""
    made: list[ssl.SSLContext] = []
    make = ssl.create_default_context

    def noted() -> ssl.SSLContext:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", noted)
    return made


def test_all_sources_share_what_was_read_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[ssl.SSLContext]
) -> None:
    certify(tmp_path, "camera.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    before = client_context()
    assert client_context() is before
    assert len(reads) == 1
    assert before.verify_mode is ssl.CERT_REQUIRED
    assert before.check_hostname

    certify(tmp_path, "another.invalid")
    assert client_context() is not before
    assert len(reads) == 2


def test_a_source_without_tls_reads_none(clips: Clips, http_server: HttpServer, reads: list[ssl.SSLContext]) -> None:
    deadline = Deadline()
    deadline.arm(5.0)
    fetcher = Fetcher(SourceOptions(trusted=True), deadline)
    fetcher.begin(http_server.url(clips.jpeg))
    fetcher.close()
    assert reads == []

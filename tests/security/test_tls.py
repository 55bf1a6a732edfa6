"""A man in the middle: certificates are checked for every kind of account, and nothing is sent before they are."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from calsync_cli.errors import CalsyncError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import system_ports
from calsync_cli.providers.caldav.client import DavClient
from tests.emulators.graph.tls import TestCa
from tests.security.test_answers import ASKERS, account, ports
from tests.security.wire import Send, head, wire


class Forger(TestCa):
    """The same authority with other names or other dates in its certificates."""

    def __init__(self, *, name: str = "localhost", age: timedelta = timedelta(0)) -> None:
        self.stranger, self.age = name, age
        super().__init__()

    def context(self, stem: str = "server") -> ssl.SSLContext:
        cert_file, key_file = self.issue(stem)
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.stranger)])
        now = datetime.now(UTC) - self.age
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())  # type: ignore[arg-type]
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        names: list[x509.GeneralName] = [x509.DNSName(self.stranger)]
        names += [x509.IPAddress(ip_address("127.0.0.1"))] if self.stranger == "localhost" else []
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        cert_file.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert_file, key_file)
        return context


@pytest.fixture(scope="module")
def ca() -> Iterator[TestCa]:
    made = TestCa()
    yield made
    made.close()


def talk(send: Send, request: bytes) -> None:
    send(head(Content_Length="0"))


def refused(ask: Callable[[str], object], url: str) -> CalsyncError:
    with pytest.raises(TransientError) as caught:
        ask(url)
    return caught.value


@pytest.mark.parametrize("ask", ASKERS.values(), ids=ASKERS)
def test_a_certificate_of_nobody_known_is_refused(ca: TestCa, ask: Callable[[str], object]) -> None:
    with wire(talk, ca.context()) as here:
        assert "not trusted" in str(refused(ask, here.url))
        assert here.heads == []


@pytest.mark.parametrize(
    ("forger", "word"),
    [({"name": "evil.example"}, "doesn't match|not valid for|mismatch"), ({"age": timedelta(days=60)}, "expired")],
)
def test_a_certificate_for_another_host_or_of_another_time_is_refused(forger: dict[str, object], word: str) -> None:
    made = Forger(**forger)  # type: ignore[arg-type]
    try:
        with wire(talk, made.context()) as here:
            asked = replace(account(here.url, "caldav"), ca_file=made.ca_file)
            client = DavClient(asked, lambda: Secret("s"), ports())
            with pytest.raises(TransientError, match=word):
                client.request("GET", "/")
            assert here.heads == []
    finally:
        made.close()


def test_an_authority_of_ones_own_is_trusted_for_its_account_alone(ca: TestCa) -> None:
    with wire(talk, ca.context()) as here:
        asked = replace(account(here.url, "caldav"), ca_file=ca.ca_file, timeout_s=10.0)
        assert DavClient(asked, lambda: Secret("s"), system_ports()).request("GET", "/").status_code == 200
        other = replace(asked, ca_file=None)
        refused(lambda url: DavClient(other, lambda: Secret("s"), ports()).request("GET", "/"), here.url)
        assert len(here.heads) == 1


def test_old_protocols_are_not_spoken(ca: TestCa) -> None:
    from calsync_cli.providers.http import _context

    found = _context(Account("x", "caldav", ca_file=ca.ca_file))
    assert isinstance(found, ssl.SSLContext)
    assert found.minimum_version >= ssl.TLSVersion.TLSv1_2 and found.check_hostname
    assert found.verify_mode is ssl.CERT_REQUIRED


def test_nothing_in_the_program_switches_the_check_off() -> None:
    package = Path(__file__).parents[2] / "calsync_cli"
    words = ("verify=False", "CERT_NONE", "check_hostname = False", "_create_unverified_context")
    files = {path.name: path.read_text("utf-8") for path in package.rglob("*.py")}
    assert [f"{name}: {word}" for name, text in files.items() for word in words if word in text] == []

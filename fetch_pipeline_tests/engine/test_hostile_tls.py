"""Everything that can go wrong before the first byte of HTTP over TLS: one row each."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from fetch_pipeline.core.outcome_row import OutcomeRow
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_row
from fetch_pipeline_tests.hostile_cases import OK
from fetch_pipeline_tests.hostile_origin import Do, Script, hostile
from fetch_pipeline_tests.names import Names
from fetch_pipeline_tests.raw_origin import raw_origin

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
AUTHORITY = trustme.CA()


@pytest.fixture
def trusting(tmp_path: Path) -> FetchPolicy:
    """Trust our authority."""
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return replace(IMPATIENT, ca_file=str(tmp_path / "ca.pem"), max_attempts=2)


def fetch(context: ssl.SSLContext, policy: FetchPolicy, host: str = "localhost") -> OutcomeRow:
    """Fetch one page over TLS."""
    with raw_origin(OK, tls=context) as url:
        return fetch_row(url.replace("http://127.0.0.1", f"https://{host}"), policy)


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Speak TLS with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def self_signed() -> ssl.SSLContext:
    """Present the authority itself: nobody vouches for it."""
    stranger = trustme.CA()
    leaf = stranger.issue_cert("localhost")
    return serving(leaf)


def wants_certificate() -> ssl.SSLContext:
    """Ask the client for a certificate it does not have."""
    context = serving(AUTHORITY.issue_cert("localhost"))
    context.maximum_version = (
        ssl.TLSVersion.TLSv1_2
    )  # 1.3 says so after the handshake, if it is heard
    context.verify_mode = ssl.CERT_REQUIRED
    AUTHORITY.configure_trust(context)
    return context


def of_old() -> ssl.SSLContext:
    """Speak nothing newer than TLS 1.1, which RFC 8996 forbids."""
    context = serving(AUTHORITY.issue_cert("localhost"))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.parametrize(
    ("make", "detail"),
    [
        (
            lambda: serving(AUTHORITY.issue_cert("localhost", not_after=YESTERDAY)),
            "certificate has expired",
        ),
        (lambda: serving(AUTHORITY.issue_cert("other.example")), "not valid for 'localhost'"),
        (self_signed, "certificate verify failed"),
        (wants_certificate, ""),
        (of_old, ""),
    ],
    ids=["expired", "other-host", "unknown-authority", "wants-a-certificate", "old-version"],
)
def test_a_certificate_or_a_handshake_that_is_not_right(
    make: Callable[[], ssl.SSLContext], detail: str, trusting: FetchPolicy
) -> None:
    """A `tls_error` that says which; asking again would change nothing."""
    row = fetch(make(), trusting)

    assert (row["outcome"], row["status"], row["attempts"]) == ("tls_error", None, 1)
    assert detail in (row["detail"] or "no detail")


@pytest.mark.parametrize("host", ["a.example", "a.example.", "A.EXAMPLE", "bücher.example"])
def test_a_right_one_is_fetched(host: str, trusting: FetchPolicy, names: Names) -> None:
    """Also where the host is written with the dot of the DNS root (RFC 6066 §3)."""
    names.answer(host.lower(), "127.0.0.1")
    names.answer("xn--bcher-kva.example", "127.0.0.1")

    row = fetch(serving(AUTHORITY.issue_cert("a.example", "bücher.example")), trusting, host)

    assert (row["outcome"], row["detail"]) == ("fetched", None)


@pytest.mark.parametrize(
    "script",
    [[], [Do.RESET], [b"\x16\x03\x03\x00\x05"], [b"HTTP/1.1 400 Bad Request\r\n\r\n"]],
    ids=["closed", "reset", "cut", "plain"],
)
def test_a_handshake_that_breaks_off(script: Script) -> None:
    """It may go better the next time, unless there is no TLS at all."""
    with hostile({"": script}, after=b"\x16") as origin:
        row = fetch_row(origin.url.replace("http://", "https://"))

    assert (row["outcome"], row["status"]) == ("tls_error", None)
    assert row["detail"]


def test_a_silent_handshake_is_a_timeout() -> None:
    """The limit for connecting holds it."""
    with hostile({"": [Do.HANG]}, after=b"\x16") as origin:
        row = fetch_row(
            origin.url.replace("http://", "https://"), replace(IMPATIENT, connect_timeout_s=0.3)
        )

    assert (row["outcome"], row["detail"]) == ("timeout", "timeout while connecting")

"""From exceptions to failure kinds: the one place that knows both."""

from __future__ import annotations

from typing import Final

import aiohttp
from aiohttp import http_exceptions

from fetch_pipeline.core.outcome import FailureKind
from fetch_pipeline.core.redirect import RedirectError
from fetch_pipeline.core.text import printable
from fetch_pipeline.engine.attempt import Phase
from fetch_pipeline.engine.body import CutBodyError, TooLargeError
from fetch_pipeline.engine.connector import RefusedAddressError
from fetch_pipeline.engine.layers import CodingError

# First match wins, so subclasses come before their bases:
# https://docs.aiohttp.org/en/stable/client_reference.html#hierarchy-of-exceptions
_KINDS: Final[tuple[tuple[type[Exception], FailureKind], ...]] = (
    (RefusedAddressError, FailureKind.REFUSED_ADDRESS),
    (RedirectError, FailureKind.REDIRECT_ERROR),
    (TooLargeError, FailureKind.TOO_LARGE),
    (CutBodyError, FailureKind.INCOMPLETE_BODY),
    (CodingError, FailureKind.PROTOCOL_ERROR),
    (TimeoutError, FailureKind.TIMEOUT),
    (aiohttp.InvalidURL, FailureKind.INVALID_URL),
    (aiohttp.ClientConnectorDNSError, FailureKind.DNS_ERROR),
    (aiohttp.ClientSSLError, FailureKind.TLS_ERROR),
    (aiohttp.ClientConnectorError, FailureKind.CONNECT_ERROR),
    (aiohttp.ClientPayloadError, FailureKind.INCOMPLETE_BODY),
    (aiohttp.ServerDisconnectedError, FailureKind.CONNECT_ERROR),
    (aiohttp.ClientOSError, FailureKind.CONNECT_ERROR),
    (aiohttp.ClientError, FailureKind.PROTOCOL_ERROR),
)

_MESSES: Final = (
    (http_exceptions.BadStatusLine, "no valid status line"),
    (http_exceptions.LineTooLong, "a header line that is too long"),
    (http_exceptions.InvalidHeader, "an invalid header"),
    (http_exceptions.TransferEncodingError, "invalid chunks"),
    (http_exceptions.ContentLengthError, "a wrong Content-Length"),
)

EXPECTED: Final = tuple(family for family, _ in _KINDS)
"""What an attempt may raise without it being a bug of ours."""


def classify(error: BaseException, *, while_: Phase) -> tuple[FailureKind, str]:
    """Name the stage at which `error` stopped the attempt, and say it for people.

    Args:
        error: What the attempt raised.
        while_: What the attempt was busy with.

    Raises:
        TypeError: `error` is not one of `EXPECTED`, so it must not become a row.
    """
    cause = _cause(error)
    for family, kind in _KINDS:
        if isinstance(cause, family):
            return kind, _detail(cause, while_)
    msg = f"not a failure of the network: {error!r}"
    raise TypeError(msg) from error


def _cause(error: BaseException) -> BaseException:
    """Look inside the connection error that aiohttp makes of whatever the socket raised."""
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return inner if isinstance(inner, RefusedAddressError) else error


def _detail(error: BaseException, phase: Phase) -> str:  # noqa: PLR0911 - one rung per kind
    """Say it in words that hold nothing a server sent: its headers may be credentials."""
    match error:
        case TimeoutError():
            return f"timeout while {phase}"
        case aiohttp.ServerDisconnectedError():
            return f"hung up while {phase}"
        case aiohttp.ClientConnectorCertificateError():
            return printable(str(error.certificate_error))
        case aiohttp.ClientConnectorError():
            return printable(str(error.os_error.strerror or error.os_error))
        case aiohttp.ClientPayloadError():
            return "the connection ended before the whole body had come"
        case aiohttp.ClientResponseError():
            return _kind_of_mess(error)
        case _:
            return printable(str(error) or type(error).__name__)


def _kind_of_mess(error: BaseException) -> str:
    """Say what aiohttp's parser stumbled over; its own messages quote what it read."""
    cause: BaseException | None = error
    while cause:
        for mess, words in _MESSES:
            if isinstance(cause, mess):
                return f"broken HTTP: {words}"
        cause = cause.__cause__
    return "broken HTTP"

"""From exceptions to failure kinds: the one place that knows both."""

from __future__ import annotations

import socket
import ssl
from typing import Final, NamedTuple

import aiohttp
from aiohttp import http_exceptions

from fetch_pipeline.core.outcome import FailureKind
from fetch_pipeline.core.redirect import RedirectError
from fetch_pipeline.core.text import printable
from fetch_pipeline.engine.attempt import Phase
from fetch_pipeline.engine.body import CutBodyError, TooLargeError
from fetch_pipeline.engine.connector import RefusedAddressError
from fetch_pipeline.engine.exchange import UnfitResponseError
from fetch_pipeline.engine.handler import HeadTooLargeError
from fetch_pipeline.engine.layers import CodingError
from fetch_pipeline.engine.pace import TooSlowError


class HandshakeCutError(Exception):
    """A TLS handshake was begun and broke off; the system only says that of the connection."""


# First match wins, so subclasses come before their bases:
# https://docs.aiohttp.org/en/stable/client_reference.html#hierarchy-of-exceptions
_KINDS: Final[tuple[tuple[type[Exception], FailureKind], ...]] = (
    (RefusedAddressError, FailureKind.REFUSED_ADDRESS),
    (RedirectError, FailureKind.REDIRECT_ERROR),
    (TooLargeError, FailureKind.TOO_LARGE),
    (CutBodyError, FailureKind.INCOMPLETE_BODY),
    (CodingError, FailureKind.PROTOCOL_ERROR),
    (UnfitResponseError, FailureKind.PROTOCOL_ERROR),
    (HandshakeCutError, FailureKind.TLS_ERROR),
    (ssl.SSLError, FailureKind.TLS_ERROR),
    (TimeoutError, FailureKind.TIMEOUT),
    (aiohttp.InvalidURL, FailureKind.INVALID_URL),
    (aiohttp.ClientConnectorDNSError, FailureKind.DNS_ERROR),
    (aiohttp.ClientSSLError, FailureKind.TLS_ERROR),
    (aiohttp.ClientConnectorError, FailureKind.CONNECT_ERROR),
    (aiohttp.ClientPayloadError, FailureKind.INCOMPLETE_BODY),
    (aiohttp.ServerDisconnectedError, FailureKind.CONNECT_ERROR),
    (aiohttp.ClientOSError, FailureKind.CONNECT_ERROR),
    (aiohttp.ClientHttpProxyError, FailureKind.CONNECT_ERROR),
    (aiohttp.ClientError, FailureKind.PROTOCOL_ERROR),
    # The body of a broken chunk, with aiohttp's parser in Python, when somebody waits for it.
    (http_exceptions.HttpProcessingError, FailureKind.PROTOCOL_ERROR),
)

# What the same request may not meet a moment later.
_TRANSIENT: Final = frozenset(
    {
        FailureKind.CONNECT_ERROR,
        FailureKind.DNS_ERROR,
        FailureKind.TIMEOUT,
        FailureKind.INCOMPLETE_BODY,
    }
)
_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})

_MESSES: Final = (
    (HeadTooLargeError, "more headers than anybody needs"),
    (http_exceptions.BadStatusLine, "no valid status line"),
    (http_exceptions.LineTooLong, "a header line that is too long"),
    (http_exceptions.InvalidHeader, "an invalid header"),
    (http_exceptions.TransferEncodingError, "invalid chunks"),
    (http_exceptions.ContentLengthError, "a wrong Content-Length"),
    (http_exceptions.BadHttpMessage, "headers that cannot be read"),
)

EXPECTED: Final = tuple(family for family, _ in _KINDS)
"""What an attempt may raise without it being a bug of ours."""


class Failure(NamedTuple):
    """Why an attempt failed; the parts are those of `Failed`."""

    kind: FailureKind
    detail: str
    transient: bool


def classify(error: BaseException, *, while_: Phase) -> Failure:
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
            return Failure(kind, _detail(cause, while_), _is_transient(kind, cause))
    msg = f"not a failure of the network: {error!r}"
    raise TypeError(msg) from error


def _cause(error: BaseException) -> BaseException:
    """Look inside the connection error that aiohttp makes of whatever the socket raised."""
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionResetError) and error.ssl is not True:
            return HandshakeCutError("the connection broke off in the TLS handshake")
        return error.os_error if isinstance(error.os_error, RefusedAddressError) else error
    # A server that wants a certificate of ours says so after the handshake (RFC 8446 §4.4.2).
    return error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error


def _is_transient(kind: FailureKind, cause: BaseException) -> bool:
    """Tell whether the same request may end differently a moment later."""
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return cause.os_error.errno not in _NO_SUCH_NAME
    return kind in _TRANSIENT or isinstance(cause, HandshakeCutError)


def _detail(error: BaseException, phase: Phase) -> str:  # noqa: PLR0911 - one rung per kind
    """Say it in words that hold nothing a server sent: its headers may be credentials."""
    match error:
        case TooSlowError():
            return f"{error} while {phase}"
        case TimeoutError():
            return f"timeout while {phase}"
        case aiohttp.ServerDisconnectedError():
            return f"hung up while {phase}"
        case aiohttp.ClientConnectorCertificateError():
            return printable(str(error.certificate_error))
        case aiohttp.ClientConnectorError():
            return printable(str(error.os_error.strerror or error.os_error))
        case aiohttp.ClientOSError():
            return printable(error.strerror or str(error))
        case aiohttp.ClientPayloadError():
            return "the connection ended before the whole body had come"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answered {error.status}"
        case aiohttp.ClientResponseError() | http_exceptions.HttpProcessingError():
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

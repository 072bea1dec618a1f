"""An origin that says the very bytes it was given."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fetch_pipeline_tests.hostile_origin import AT_ONCE


@contextmanager
def raw_origin(
    answer: bytes,
    received: list[bytes] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    reset: bool = False,
) -> Iterator[str]:
    """Read each request to its blank line, send `answer`, close; yields the URL with a slash.

    Args:
        answer: Everything that is said.
        received: Gets each request's head, where it is given.
        tls: What to speak TLS with.
        reset: Break the connection off instead of closing it.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    peer = tls.wrap_socket(connection, server_side=True) if tls else connection
                    _converse(peer, answer, received, reset=reset)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def _whole(head: bytes) -> bool:
    """Tell whether a request has been heard out; a TLS handshake is answered in mid-sentence."""
    return b"\r\n\r\n" in head or head.startswith(b"\x16")


def _converse(
    connection: socket.socket, answer: bytes, received: list[bytes] | None, *, reset: bool
) -> None:
    with connection:
        head = b""
        while not _whole(head) and (more := connection.recv(65536)):
            head += more
        if received is not None:
            received.append(head)
        connection.sendall(answer)
        if reset:
            time.sleep(0.05)  # a reset overtakes what was sent just before it
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            return
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

"""An origin that says the very bytes it was given."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def raw_origin(
    answer: bytes, received: list[bytes] | None = None, *, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Read each request to its blank line, send `answer`, close; yields the URL with a slash.

    Args:
        answer: Everything that is said.
        received: Gets each request's head, where it is given.
        tls: What to speak TLS with.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    peer = tls.wrap_socket(connection, server_side=True) if tls else connection
                    _converse(peer, answer, received)

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


def _converse(connection: socket.socket, answer: bytes, received: list[bytes] | None) -> None:
    with connection:
        head = b""
        while not _whole(head) and (more := connection.recv(65536)):
            head += more
        if received is not None:
            received.append(head)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

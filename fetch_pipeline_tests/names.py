"""A name server for tests: it stands where the system asks the real one."""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any


class Names:
    """What `getaddrinfo` answers; every name it does not know does not exist.

    Attributes:
        asked: How often each name was asked for.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._answers: dict[str, list[tuple[str, ...] | int]] = {}

    def answer(self, name: str, *addresses: str) -> None:
        """Answer with `addresses`; given again, with these the next time."""
        self._answers.setdefault(name, []).append(addresses)

    def fail(self, name: str, code: int) -> None:
        """Answer with an error of `getaddrinfo`."""
        self._answers.setdefault(name, []).append(code)

    def getaddrinfo(
        self, host: str, port: int, *_: object, **__: object
    ) -> list[tuple[Any, Any, int, str, tuple[str, int]]]:
        """Stand in for `socket.getaddrinfo`."""
        answers = self._answers.get(host, [socket.EAI_NONAME])
        answer = answers[min(self.asked[host], len(answers) - 1)]
        self.asked[host] += 1
        if isinstance(answer, int):
            raise socket.gaierror(answer, "as the test asked for")
        return [(*_kind(address), "", (address, port)) for address in answer]


def _kind(address: str) -> tuple[socket.AddressFamily, socket.SocketKind, int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP

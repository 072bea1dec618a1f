"""The phases of an attempt, as aiohttp's tracing tells them.

TCP and TLS come as one: aiohttp does not tell them apart. Only the hooks that are needed are set:
each costs a few microseconds per page.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Protocol

import aiohttp

from fetch_pipeline.engine.attempt import Attempt, Phase


class _Hook(Protocol):
    async def __call__(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, params: object, /
    ) -> None: ...


def phase_trace() -> aiohttp.TraceConfig:
    """Make the trace that fills in the `Attempt` given as `trace_request_ctx`."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(_enter(Phase.CONNECT))
    trace.on_dns_resolvehost_start.append(_enter(Phase.DNS))
    trace.on_dns_resolvehost_end.append(_enter(Phase.CONNECT))
    trace.on_connection_create_end.append(_enter(Phase.FIRST_BYTE))
    trace.on_connection_reuseconn.append(_enter(Phase.FIRST_BYTE, reused=True))
    return trace


def _enter(phase: Phase, *, reused: bool = False) -> _Hook:
    async def hook(_: aiohttp.ClientSession, context: SimpleNamespace, __: object, /) -> None:
        attempt: Attempt = context.trace_request_ctx
        attempt.reused = reused
        attempt.enter(phase)

    return hook

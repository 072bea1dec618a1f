"""The hosts of a fetch that are in memory: those with work, and some of those without."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from fetch_pipeline.core.permits import Permits, Took
from fetch_pipeline.core.politeness import Politeness
from fetch_pipeline.engine.host import Host
from fetch_pipeline.engine.robots import NO_RULES

REMEMBERED: Final = 10_000  # hosts without work whose pace is kept for redirects
RULES_REMEMBERED: Final = 100  # and those whose rules are: 25 kB each, megabytes at worst


class KnownHosts:
    """Hosts by their key.

    Args:
        politeness: What limits the requests to each.
        deadline: Moment after which nothing is asked.
        obey_robots: Whether they have rules.
    """

    def __init__(self, politeness: Politeness, *, deadline: float, obey_robots: bool) -> None:
        self.busy: dict[str, Host] = {}
        self._politeness, self._deadline = politeness, deadline
        self._obey_robots = obey_robots
        self._took = Took()
        # Those without work, in the order in which they ran out of it; the second has their rules.
        self._idle: OrderedDict[str, Host] = OrderedDict()
        self._ruled: OrderedDict[str, Host] = OrderedDict()
        self._courtesy_s = 0.0

    def new_permits(self) -> Permits:
        """Return those of a host that nobody has asked yet."""
        return Permits(self._politeness, deadline=self._deadline, took=self._took)

    def courtesy_s(self) -> float:
        """Return the most of all hosts, forgotten ones included."""
        return max([self._courtesy_s, *(host.permits.courtesy_s for host in self.busy.values())])

    def engage(self, key: str) -> Host:
        """Return the host of that key, busy from now on."""
        host = self.busy.get(key) or self._idle.pop(key, None)
        if host is None:
            host = Host(key, self.new_permits(), None if self._obey_robots else NO_RULES)
        if self._obey_robots:
            self._ruled.pop(key, None)
        self.busy[key] = host
        return host

    def set_aside(self, host: Host, now: float) -> None:
        """Remember a host without work, for redirects; not for ever, and its rules not for long."""
        self._courtesy_s = max(self._courtesy_s, host.permits.courtesy_s)
        self.busy.pop(host.key, None)
        self._idle[host.key] = host
        if self._obey_robots:
            self._ruled[host.key] = host
        if len(self._ruled) > RULES_REMEMBERED:
            self._ruled.popitem(last=False)[1].forget_rules()
        if len(self._idle) > REMEMBERED:
            self._forget_one(now)

    def _forget_one(self, now: float) -> None:
        """Forget the host that ran out of work first, but not one that asked to be left alone."""
        key, host = self._idle.popitem(last=False)
        if host.permits.is_at_rest(now) or len(self._idle) > 2 * REMEMBERED:
            self._ruled.pop(key, None)
        else:
            self._idle[key] = host

"""The queue of one host. How hosts take turns is tested with the scheduler."""

from __future__ import annotations

import pytest

from fetch_pipeline.core.permits import Permits, Took
from fetch_pipeline.core.plan import Target
from fetch_pipeline.core.politeness import UNLIMITED
from fetch_pipeline.engine.host import Host
from fetch_pipeline.engine.page import Page
from fetch_pipeline.engine.robots import NO_RULES, Rules

NOW = 100.0


def host(rules: Rules | None = NO_RULES) -> Host:
    """Make a host nobody asked yet."""
    return Host("http://a", Permits(UNLIMITED, deadline=float("inf"), took=Took()), rules)


def target(line: int) -> Target:
    """Make a target of it."""
    return Target(line=line, href=f"http://a/{line}", host="http://a")


def taken(waiting: Host, pages: int) -> list[str]:
    """Take so many pages."""
    return [waiting.take(NOW, chance=0.5).href for _ in range(pages)]


def test_what_was_begun_comes_before_what_was_not() -> None:
    """A redirect and a retry whose time has come, then the list in its order."""
    waiting = host()
    waiting.list_targets(2, lambda _: [target(1), target(2)])
    waiting.let_wait(Page(target=target(7)), NOW - 1)
    waiting.let_wait(Page(target=target(8)), NOW - 2)
    waiting.let_wait(Page(target=target(9)), NOW + 1)

    assert taken(waiting, 4) == [f"http://a/{line}" for line in (8, 7, 1, 2)]
    assert (waiting.waiting, waiting.ready_at()) == (1, NOW + 1)


def test_targets_are_loaded_when_they_are_needed() -> None:
    """In parts, each after the line of the last."""
    waiting, asked = host(), []

    def load(after_line: int) -> list[Target]:
        asked.append(after_line)
        return [target(after_line + 1), target(after_line + 2)]

    waiting.list_targets(4, load)
    before = list(asked)
    taken(waiting, 3)

    assert (before, asked) == ([], [0, 2])
    assert waiting.waiting == 1


def test_targets_that_are_gone_are_an_error() -> None:
    """A table with fewer rows than the list is never made, for whatever reason."""
    waiting = host()
    waiting.list_targets(1, lambda _: [])

    with pytest.raises(LookupError, match="1 targets of http://a after line 0 are gone"):
        waiting.take(NOW, chance=0.5)


def test_without_rules_nothing_but_robots_txt_is_asked_for() -> None:
    """Once; while it is under way there is nothing to do."""
    waiting = host(rules=None)
    waiting.list_targets(1, lambda _: [target(1)])
    first = taken(waiting, 1)
    meanwhile = waiting.ready_at()
    waiting.learn(NO_RULES, longest_s=300)

    assert first == ["http://a/robots.txt"]
    assert meanwhile is None
    assert taken(waiting, 1) == ["http://a/1"]


def test_a_host_that_is_down_lets_go_of_all_at_once() -> None:
    """What waits for a later time, too."""
    waiting = host()
    waiting.list_targets(1, lambda _: [target(1)])
    waiting.let_wait(Page(target=target(9)), NOW + 1000)
    waiting.permits.down = "it is"

    pages = [waiting.take(NOW, chance=0.5) for _ in range(2)]

    assert all(page.refusal for page in pages)
    assert waiting.ready_at() is None

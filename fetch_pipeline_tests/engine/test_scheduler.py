"""Which page comes next, by a clock that is handed in: every number here is exact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from fetch_pipeline.core.outcome import Failed, FailureKind
from fetch_pipeline.core.politeness import AUTO, UNLIMITED, Politeness
from fetch_pipeline.engine.known_hosts import REMEMBERED, RULES_REMEMBERED
from fetch_pipeline.engine.robots import Rules
from fetch_pipeline.engine.scheduler import _AHEAD, Scheduler
from fetch_pipeline_tests.simulated import PAGE, SILENT, Answer, pages, simulate, status

A, B = "http://a", "http://b"
POLITE = Politeness(per_host_concurrency=2, per_host_delay_s=0.5)
NOTHING_ALLOWED = Protego.parse("User-agent: *\nDisallow: /")


def test_every_target_ends_once() -> None:
    """Whatever the number of hosts, workers and pages."""
    books = simulate(pages(a=250, b=3, c=1), workers=5)

    assert sorted(books.outcomes) == list(range(1, 255))


def test_one_worker_goes_in_order() -> None:
    """Sequential is the same code with one worker; of one host it takes line after line."""
    books = simulate(pages(a=250), workers=1)

    assert books.asked == [f"http://a/{n}" for n in range(250)]


def test_a_host_gets_no_more_at_once_than_its_limit() -> None:
    """And as many as that."""
    books = simulate(pages(a=20, b=20), replace(UNLIMITED, per_host_concurrency=3), workers=50)

    assert books.most_at_once == {A: 3, B: 3}


@pytest.mark.parametrize(("chance", "gap_s"), [(0.0, 0.4), (0.5, 0.5), (1.0, 0.6)])
def test_the_delay_is_kept_from_start_to_start(chance: float, gap_s: float) -> None:
    """Give or take a fifth, so that many runs do not beat in time."""
    books = simulate(pages(a=4), POLITE, chance=chance)

    assert books.gaps(A) == [gap_s] * 3


def test_a_slow_host_holds_nobody_up() -> None:
    """Forty hosts, and the first of the list takes a hundred times as long as the others."""

    def answer(href: str, _: int) -> Answer:
        return Answer(takes_s=10.0 if href.startswith("http://h0/") else 0.1)

    books = simulate(pages(**{f"h{n}": 10 for n in range(40)}), POLITE, answer, workers=8)

    others = max(max(books.starts[f"http://h{n}"]) for n in range(1, 40))
    assert books.ended_at == 50.5  # its own minimum: ten pages, two at once, half a second apart
    assert others <= 39 * 10 * 0.1 / 6 + 0.5  # what six workers need, and the last gap


def test_the_host_with_most_pages_begins_first() -> None:
    """What takes longest must not wait until everything else is done."""
    books = simulate(pages(a=1, b=1, c=1, z=20), POLITE, workers=2)

    assert books.asked[0] == "http://z/0"
    assert books.ended_at == pytest.approx(19 * 0.5 + 0.1)


def test_hosts_of_a_saturated_fetch_end_together() -> None:
    """None is left to the end, when its gaps would be all that anybody waits for."""
    books = simulate(pages(**{f"h{n}": 10 for n in range(60)}), POLITE, workers=6)

    assert books.ended_at == pytest.approx(60 * 10 * 0.1 / 6, rel=0.05)


def test_the_longest_of_the_ready_hosts_comes_first() -> None:
    """A long one keeps its own pace among many short ones, with few workers."""
    short = {f"h{n}": 3 for n in range(100)}

    books = simulate(pages(**short, z=100), POLITE, workers=3)

    assert books.starts["http://z"][-1] == pytest.approx(99 * 0.5, rel=0.1)


def test_few_hosts_of_many_are_in_memory() -> None:
    """A list of ten thousand hosts is not ten thousand queues, if each has but two pages."""
    most_hosts = 0

    def watch(scheduler: Scheduler) -> None:
        nonlocal most_hosts
        most_hosts = max(most_hosts, len(scheduler._hosts.busy))

    books = simulate(
        pages(**{f"h{n}": 2 for n in range(6000)}),
        POLITE,
        lambda *_: Answer(takes_s=0.001),
        workers=4,
        watch=watch,
    )

    assert len(books.outcomes) == 12_000
    assert most_hosts == _AHEAD


def test_hosts_without_work_are_forgotten_in_the_end() -> None:
    """Those that ran out of it first: a redirect to one of them begins anew."""
    hosts = {f"h{n}": 1 for n in range(REMEMBERED + 100)}

    books = simulate(pages(**hosts), workers=4)

    assert len(books.outcomes) == REMEMBERED + 100
    assert len(books.scheduler._hosts._idle) == REMEMBERED
    assert "http://h0" not in books.scheduler._hosts._idle


def test_who_asked_to_be_left_alone_is_not_forgotten_with_the_others() -> None:
    """A redirect may lead there, long after its own pages were done."""
    hosts = {f"h{n}": 1 for n in range(REMEMBERED + 200)}
    last = f"http://h{REMEMBERED + 199}/0"

    def answer(href: str, visit: int) -> Answer:
        if href == "http://a/0" and visit == 0:
            return Answer(takes_s=0.001, outcome=status(503, 200.0))
        return Answer(takes_s=0.001, leads_to=("http://a/x", "http://a") if href == last else None)

    books = simulate(pages(a=1, **hosts), answer=answer, workers=4)

    assert books.starts[A] == pytest.approx([0.0, 200.001])


def test_rules_of_hosts_without_work_are_asked_for_again() -> None:
    """They are too large to keep ten thousand of them."""
    hosts = {f"h{n}": 1 for n in range(RULES_REMEMBERED + 20)}
    last = f"http://h{RULES_REMEMBERED + 19}/0"

    def answer(href: str, _: int) -> Answer:
        return Answer(leads_to=("http://h0/x", "http://h0") if href == last else None)

    books = simulate(pages(**hosts), answer=answer, workers=1, obey_robots=True)

    assert books.asked.count("http://h0/robots.txt") == 2
    assert len([host for host in books.scheduler._hosts._idle.values() if host.rules]) == (
        RULES_REMEMBERED
    )


def test_all_hosts_together_get_no_more_than_so_many_requests_a_second() -> None:
    """However many workers and hosts."""
    limited = replace(UNLIMITED, requests_per_s=4)
    books = simulate(pages(**{f"h{n}": 1 for n in range(9)}), limited)

    assert sorted(start for starts in books.starts.values() for start in starts) == [
        n / 4 for n in range(9)
    ]


def test_a_retry_waits_in_its_hosts_queue_and_no_worker_with_it() -> None:
    """The only worker goes on with the other pages meanwhile."""

    def answer(href: str, visit: int) -> Answer:
        return Answer(outcome=status(503) if (href, visit) == ("http://a/0", 0) else PAGE)

    books = simulate(pages(a=3), UNLIMITED, answer, workers=1, max_attempts=3, chance=1.0)

    assert books.asked == [f"http://a/{n}" for n in (0, 1, 2, 0)]
    assert books.starts[A][-1] == pytest.approx(0.1 + 0.5)  # the longest first backoff
    assert books.outcomes[1].timing.attempts == 2
    assert books.words() == {"fetched": 3}


def test_what_cannot_get_better_is_not_asked_for_again() -> None:
    """A 404 is an answer."""
    books = simulate(pages(a=1), UNLIMITED, lambda *_: Answer(outcome=status(404)), max_attempts=3)

    assert books.asked == ["http://a/0"]


def test_retry_after_is_a_cooldown_of_the_host() -> None:
    """Nobody asks it for anything before, other hosts go on."""

    def answer(href: str, visit: int) -> Answer:
        return Answer(outcome=status(429, 7.0) if (href, visit) == ("http://a/0", 0) else PAGE)

    books = simulate(
        pages(a=3, b=3), replace(UNLIMITED, per_host_concurrency=1), answer, max_attempts=2
    )

    assert books.starts[A] == pytest.approx([0.0, 7.1, 7.2, 7.3])
    assert books.starts[B] == pytest.approx([0.0, 0.1, 0.2])


def test_a_cooldown_holds_when_its_page_is_not_asked_for_again() -> None:
    """It is the host that asked, not the page."""

    def answer(href: str, _: int) -> Answer:
        return Answer(outcome=status(503, 7.0) if href == "http://a/0" else PAGE)

    books = simulate(pages(a=2), replace(UNLIMITED, per_host_concurrency=1), answer)

    assert books.starts[A] == pytest.approx([0.0, 7.1])


@pytest.mark.parametrize(("deadline", "asked_s"), [(float("inf"), 301.0), (60.0, 61.0)])
def test_who_asks_for_more_than_anybody_waits_is_asked_no_more(
    deadline: float, asked_s: float
) -> None:
    """Longer than the cap, or than the run has left: the rows say so instead of hanging."""
    books = simulate(
        pages(a=5),
        Politeness(per_host_concurrency=1),
        lambda *_: Answer(outcome=status(503, asked_s)),
        max_attempts=3,
        deadline=deadline,
    )

    assert books.asked == ["http://a/0"]
    assert books.words() == {"http_error": 1, "host_down": 4}
    rest = books.outcomes[5]
    assert isinstance(rest, Failed)
    assert f"left alone for {asked_s:.0f} s" in rest.detail


def test_a_host_that_fails_too_often_pauses_twice_as_long_each_time_and_is_down() -> None:
    """Three failures in a row, two pauses with one request after each, and no more."""
    careful = replace(UNLIMITED, per_host_concurrency=1, max_host_failures=3, max_host_pauses=2)

    books = simulate(pages(a=100), careful, lambda *_: Answer(takes_s=1.0, outcome=SILENT))

    assert books.starts[A] == [0.0, 1.0, 2.0, 3.0 + 2.0, 6.0 + 4.0]
    assert books.words() == {"timeout": 5, "host_down": 95}
    last = books.outcomes[100]
    assert isinstance(last, Failed)
    assert last.detail == (
        "http://a gets no further request: it failed 5 times in a row, at last with: silence"
    )
    assert last.timing.attempts == 0


def test_those_in_flight_when_a_pause_begins_are_no_second_reason() -> None:
    """Ten at once that all fail are one sign of trouble."""
    careful = replace(UNLIMITED, max_host_failures=1, max_host_pauses=1)

    books = simulate(
        pages(a=12),
        careful,
        lambda href, _: Answer(outcome=SILENT if int(href[9:]) < 10 else PAGE),
        workers=10,
    )

    assert books.words() == {"timeout": 10, "fetched": 2}
    assert books.starts[A][10:] == pytest.approx([2.1, 2.2])  # one probe, then as before


def test_a_page_puts_an_end_to_the_trouble() -> None:
    """Failures must be in a row."""
    careful = replace(UNLIMITED, per_host_concurrency=1, max_host_failures=3, max_host_pauses=0)

    books = simulate(
        pages(a=30),
        careful,
        lambda href, _: Answer(outcome=PAGE if int(href[9:]) % 3 == 2 else SILENT),
    )

    assert books.words() == {"timeout": 20, "fetched": 10}


def test_a_page_that_waits_for_its_retry_when_the_host_goes_down_is_not_asked_again() -> None:
    """It tells how often it was."""
    careful = replace(UNLIMITED, per_host_concurrency=1, max_host_failures=2, max_host_pauses=0)

    books = simulate(
        pages(a=2), careful, lambda *_: Answer(outcome=SILENT), max_attempts=9, workers=1
    )

    assert books.words() == {"host_down": 1, "timeout": 1}
    assert [books.outcomes[line].timing.attempts for line in (1, 2)] == [1, 1]


def test_a_host_has_a_budget_of_retries() -> None:
    """A hundred failing pages are not three hundred requests."""
    books = simulate(
        pages(a=100), UNLIMITED, lambda *_: Answer(outcome=SILENT), max_attempts=3, workers=1
    )

    assert 110 < len(books.asked) <= 100 + 10 + 0.2 * 140
    assert books.words() == {"timeout": 100}


def test_robots_txt_comes_first_and_alone() -> None:
    """One request for it, whatever the concurrency; then the pages."""
    books = simulate(pages(a=5, b=1), UNLIMITED, workers=8, obey_robots=True)

    assert books.asked[:2] == ["http://a/robots.txt", "http://b/robots.txt"]
    assert len([href for href in books.asked if "robots" in href]) == 2
    assert min(books.starts[A][1:]) == 0.1
    assert books.words() == {"fetched": 6}


def test_a_refused_page_is_never_asked_for_and_costs_no_time() -> None:
    """A thousand of them do not wait for a thousand gaps."""
    rules = Rules(refusal=(FailureKind.REFUSED_ROBOTS, "no"))

    books = simulate(
        pages(a=1000), POLITE, lambda *_: Answer(rules=rules), workers=2, obey_robots=True
    )

    assert books.asked == ["http://a/robots.txt"]
    assert books.words() == {"refused_robots": 1000}
    assert books.ended_at == 0.1


@pytest.mark.parametrize(("crawl_delay_s", "gap_s"), [(0.2, 0.4), (3.0, 3.0)])
def test_crawl_delay_may_only_slow_us_down(crawl_delay_s: float, gap_s: float) -> None:
    """It is kept to the full, without jitter below it, also behind robots.txt."""
    rules = Rules(crawl_delay_s=crawl_delay_s)

    books = simulate(
        pages(a=3), POLITE, lambda *_: Answer(rules=rules), obey_robots=True, chance=0.0
    )

    assert books.gaps(A) == [gap_s] * 3


def test_a_crawl_delay_nobody_waits_for_is_a_refusal() -> None:
    """A day between two pages is no way to fetch them."""
    rules = Rules(crawl_delay_s=86_400)

    books = simulate(pages(a=3), POLITE, lambda *_: Answer(rules=rules), obey_robots=True)

    assert books.words() == {"refused_robots": 3}


def test_a_host_of_refused_pages_does_not_starve_the_others() -> None:
    """However many of them there are: they take turns."""
    books = simulate(
        pages(a=5000, b=5),
        POLITE,
        lambda href, _: Answer(
            rules=Rules(parsed=NOTHING_ALLOWED, token="x")  # noqa: S106 - a name
            if "//a" in href
            else Rules()
        ),
        workers=2,
        obey_robots=True,
    )

    assert books.words() == {"refused_robots": 5000, "fetched": 5}
    assert books.gaps(B) == [0.5] * 5


def test_dead_hosts_are_tried_again_after_the_others() -> None:
    """Each of their attempts holds a worker until its timeout."""
    dead = {f"dead{n}": 11 for n in range(8)}

    books = simulate(
        pages(**dead, alive=12),
        replace(POLITE, max_host_pauses=1),
        lambda href, _: Answer(takes_s=4.0, outcome=SILENT) if "dead" in href else Answer(),
        workers=4,
        max_attempts=3,
    )

    assert books.starts["http://alive"][0] <= 8.0  # when each dead one was tried for the first time
    assert books.words()["fetched"] == 12


def test_hosts_take_turns_also_without_a_delay() -> None:
    """A slow one that stands last is found out in time."""

    def answer(href: str, _: int) -> Answer:
        return Answer(takes_s=1.0 if "slow" in href else 0.05)

    books = simulate(
        pages(**{f"h{n}": 10 for n in range(50)}, slow=10),
        replace(POLITE, per_host_delay_s=0.0),
        answer,
        workers=8,
    )

    assert books.starts["http://slow"][0] <= 1.0
    assert books.ended_at <= 1.0 + 1.0 + 5.0  # one to find it out, then the others two at once


def test_a_host_that_leads_to_a_slower_one_waits_for_it() -> None:
    """The pages on their way would fill the memory."""
    most_begun = 0

    def watch(scheduler: Scheduler) -> None:
        nonlocal most_begun
        most_begun = max(most_begun, len(scheduler._begun))

    def answer(href: str, _: int) -> Answer:
        if href.endswith("robots.txt"):
            return Answer(rules=Rules(crawl_delay_s=5.0 if "//z" in href else 0.0))
        leads = ("http://z/" + href[-3:], "http://z") if "//a" in href else None
        return Answer(leads_to=leads)

    books = simulate(pages(a=1000), POLITE, answer, obey_robots=True, watch=watch)

    assert books.words() == {"fetched": 1000}
    assert most_begun <= 110


def test_a_redirect_waits_for_its_turn_at_the_host_it_leads_to() -> None:
    """Forty hosts that all lead to one do not take it by storm, and its rules come first."""

    def answer(href: str, _: int) -> Answer:
        leads = ("http://z/1", "http://z") if "/0" in href else None
        return Answer(leads_to=leads)

    books = simulate(
        pages(**{f"h{n}": 1 for n in range(10)}), POLITE, answer, workers=40, obey_robots=True
    )

    assert books.most_at_once["http://z"] <= 2
    assert books.gaps("http://z") == [0.5] * 10
    assert books.asked.count("http://z/robots.txt") == 1
    assert books.words() == {"fetched": 10}


def test_hosts_whose_rules_lead_to_each_other_do_not_wait_for_ever() -> None:
    """To ask for robots.txt, nobody's rules are needed."""

    def answer(href: str, _: int) -> Answer:
        leads = {
            "http://a/robots.txt": ("http://b/r", "http://b"),
            "http://b/robots.txt": ("http://a/r", "http://a"),
        }
        return Answer(leads_to=leads.get(href))

    books = simulate(pages(a=2, b=2), POLITE, answer, obey_robots=True)

    assert books.words() == {"fetched": 4}


def test_a_host_that_only_lends_its_robots_txt_is_not_asked_for_its_own() -> None:
    """Nothing else is wanted of it."""

    def answer(href: str, _: int) -> Answer:
        leads = ("http://b/r", "http://b") if href == "http://a/robots.txt" else None
        return Answer(leads_to=leads)

    books = simulate(pages(a=1), POLITE, answer, obey_robots=True)

    assert books.asked == ["http://a/robots.txt", "http://b/r", "http://a/0"]


def test_an_adaptive_delay_follows_the_host() -> None:
    """A fast one is used fast, a struggling one left alone, and errors never speed up."""
    adaptive = replace(POLITE, per_host_delay_s=AUTO, max_host_failures=None)
    fast = simulate(pages(a=40), adaptive, lambda *_: Answer(takes_s=0.01))
    slow = simulate(pages(a=40), adaptive, lambda *_: Answer(takes_s=2.0))
    broken = simulate(pages(a=40), adaptive, lambda *_: Answer(takes_s=0.01, outcome=status(404)))
    failing = simulate(pages(a=10), adaptive, lambda *_: Answer(takes_s=0.01, outcome=status(502)))

    assert fast.gaps(A)[-1] == 0.1
    assert slow.gaps(A)[-1] == pytest.approx(4.0, rel=0.01)
    assert broken.gaps(A)[-1] == 0.5
    assert failing.gaps(A)[-1] == 30.0


def test_courtesy_is_the_time_that_the_gaps_alone_take() -> None:
    """Of the host where they take longest; what it costs is told apart from what we lose."""
    books = simulate(pages(a=5, b=3), POLITE, workers=8)

    progress = books.scheduler.progress()
    assert progress.courtesy_s == pytest.approx(4 * 0.5)
    assert progress.ended == 8


FATES = st.sampled_from(
    [
        Answer(),
        Answer(takes_s=3.0),
        Answer(outcome=SILENT),
        Answer(outcome=status(404)),
        Answer(outcome=status(503, 2.0)),
        Answer(outcome=status(429)),
        Answer(leads_to=("http://a/x", "http://a")),
        Answer(leads_to=("http://q/x", "http://q")),
        Answer(rules=Rules(crawl_delay_s=1.5)),
    ]
)
MIXTURES = st.fixed_dictionaries(
    {
        "hosts": st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 12), min_size=1),
        "fates": st.lists(FATES, min_size=1, max_size=7),
        "limit": st.sampled_from([None, 1, 2]),
        "delay_s": st.sampled_from([0.0, 0.5, AUTO]),
        "failures": st.sampled_from([None, 1, 3]),
        "workers": st.integers(1, 9),
        "chance": st.floats(0, 0.999),
        "obey_robots": st.booleans(),
    }
)


@settings(deadline=None)
@given(MIXTURES)
def test_whatever_happens_every_target_ends_once_and_every_limit_is_kept(
    mixture: dict[str, Any],
) -> None:
    """Random hosts, failures, redirects and rules, in all mixtures of limits."""
    politeness = Politeness(
        per_host_concurrency=mixture["limit"],
        per_host_delay_s=mixture["delay_s"],
        max_host_failures=mixture["failures"],
        max_host_pauses=1,
    )
    targets, numbers = pages(**mixture["hosts"]), iter(range(10**9))

    def answer(href: str, visit: int) -> Answer:
        fate: Answer = mixture["fates"][next(numbers) % len(mixture["fates"])]
        ends = fate.leads_to and (visit > 2 or href.endswith("/x"))
        return replace(fate, leads_to=None) if ends else fate

    books = simulate(
        targets,
        politeness,
        answer,
        workers=mixture["workers"],
        max_attempts=2,
        chance=mixture["chance"],
        obey_robots=mixture["obey_robots"],
    )

    most = mixture["limit"] or mixture["workers"]
    assert sorted(books.outcomes) == [target.line for target in targets]
    assert all(count <= most for count in books.most_at_once.values())
    if mixture["delay_s"] == 0.5:
        assert all(gap >= 0.4 for host in books.starts for gap in books.gaps(host))
    assert books.scheduler.progress().courtesy_s <= books.ended_at + 1e-6

"""robots.txt (RFC 9309), by what the origin was asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from fetch_pipeline.core.outcome import Failed, FailureKind, Head, Timing
from fetch_pipeline.core.politeness import UNLIMITED
from fetch_pipeline.engine.robots import Rules, product_token, read_rules, robots_href
from fetch_pipeline_tests.book_origin import Reply, Visit, booked
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_rows
from fetch_pipeline_tests.simulated import PAGE

TOKEN = "acme-pages"  # noqa: S105 - a name
OBEDIENT = replace(IMPATIENT, obey_robots=True, user_agent="acme-pages/1.0 (+mailto:a@b.example)")


def rules(text: str | bytes, token: str = TOKEN) -> Rules:
    """Read a robots.txt that came whole."""
    body = text.encode() if isinstance(text, str) else text
    return asyncio.run(read_rules(PAGE, body, token=token, redirected=False))


def unread(outcome: Failed, *, redirected: bool) -> Rules:
    """Conclude from a robots.txt that did not come."""
    return asyncio.run(read_rules(outcome, b"", token=TOKEN, redirected=redirected))


def outcomes(robots: Reply, *paths: str) -> tuple[list[str], list[str]]:
    """Fetch paths of a host with this robots.txt; return their outcomes, and what it was asked."""

    def reply(visit: Visit) -> Reply:
        return robots if visit.path == "/robots.txt" else Reply()

    with booked(reply) as origin:
        rows = fetch_rows([f"{origin.urls[0]}{path}" for path in paths], OBEDIENT, concurrency=4)
        return [row["outcome"] for row in rows], origin.paths()


def test_what_is_disallowed_is_never_asked_for() -> None:
    """And the rest is, after one robots.txt for all of them."""
    robots = Reply(body=b"User-agent: *\nDisallow: /private\nAllow: /private/ok\n")

    words, asked = outcomes(robots, "/private/1", "/a", "/private/ok", "/b?c", "/privately")

    assert words == [
        "refused_robots",
        "fetched",
        "fetched",
        "fetched",
        "refused_robots",
    ]
    assert asked[0] == "/robots.txt"
    assert sorted(asked[1:]) == ["/a", "/b?c", "/private/ok"]


def test_a_refused_page_tells_why_and_that_nothing_was_sent() -> None:
    """It took no attempt and no time."""
    with booked(lambda _: Reply(body=b"User-agent: *\nDisallow: /\n")) as origin:
        (row,) = fetch_rows([f"{origin.urls[0]}/a"], OBEDIENT)

    assert (row["outcome"], row["detail"]) == ("refused_robots", "robots.txt disallows it")
    assert (row["attempts"], row["status"], row["elapsed_s"]) == (0, None, None)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_no_rules_are_no_rules(status: int) -> None:
    """Whatever else the body says (RFC 9309 §2.3.1.3)."""
    robots = Reply(status=status, body=b"User-agent: *\nDisallow: /\n")

    assert outcomes(robots, "/a")[0] == ["fetched"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_rules_that_cannot_be_had_forbid_everything(status: int) -> None:
    """For this run (§2.3.1.4); too many requests are no sign that there are none."""
    words, asked = outcomes(Reply(status=status), "/a", "/b")

    assert words == ["refused_robots"] * 2
    assert set(asked) == {"/robots.txt"}


def test_silence_is_no_permission() -> None:
    """The rules may be what it is silent about."""
    words, asked = outcomes(Reply(after_s=5), "/a")

    assert (words, asked) == (["refused_robots"], ["/robots.txt"])


def test_a_server_in_trouble_is_asked_again_for_its_rules() -> None:
    """As for any page."""

    def reply(visit: Visit) -> Reply:
        if visit.path == "/robots.txt" and visit.times == 0:
            return Reply(status=503)
        return Reply(body=b"User-agent: *\nDisallow: /b\n")

    with booked(reply) as origin:
        rows = fetch_rows(
            [f"{origin.urls[0]}/{path}" for path in "ab"], replace(OBEDIENT, max_attempts=3)
        )

    assert [row["outcome"] for row in rows] == ["fetched", "refused_robots"]
    assert origin.paths().count("/robots.txt") == 2


def test_a_host_that_does_not_answer_is_a_connect_error() -> None:
    """That its rules are unknown is true, and helps nobody; it is tried once for all its pages."""
    rows = fetch_rows([f"http://127.0.0.1:9/{n}" for n in range(20)], OBEDIENT)

    assert {row["outcome"] for row in rows} == {"connect_error"}
    assert all((row["detail"] or "").startswith("robots.txt: ") for row in rows)


@pytest.mark.parametrize(("hops", "word"), [(5, "refused_robots"), (6, "fetched")])
def test_redirects_of_the_rules_are_followed_five_times(hops: int, word: str) -> None:
    """Also to other hosts, and they hold for the host that was asked (§2.3.1.2)."""

    def reply(visit: Visit) -> Reply:
        if visit.path == "/a":
            return Reply()
        hop = 0 if visit.path == "/robots.txt" else int(visit.path.removeprefix("/hop"))
        if hop == hops:
            return Reply(body=b"User-agent: *\nDisallow: /\n")
        other = origin.urls[(visit.host + 1) % 2]
        return Reply(status=301, headers={"Location": f"{other}/hop{hop + 1}"})

    with booked(reply, hosts=2) as origin:
        (row,) = fetch_rows([f"{origin.urls[0]}/a"], OBEDIENT)

    assert row["outcome"] == word
    assert origin.paths(1).count("/robots.txt") == 0


def test_a_redirect_of_a_page_needs_the_permission_of_where_it_leads() -> None:
    """Twenty pages that lead there ask for it once."""

    def reply(visit: Visit) -> Reply:
        if visit.path == "/robots.txt":
            return Reply(body=b"User-agent: *\nDisallow: /closed\n" if visit.host else b"")
        leads = f"{origin.urls[1]}/{'closed' if visit.path == '/1' else 'open'}{visit.path[1:]}"
        return Reply() if visit.host else Reply(status=302, headers={"Location": leads})

    with booked(reply, hosts=2) as origin:
        rows = fetch_rows([f"{origin.urls[0]}/{n}" for n in range(20)], OBEDIENT)

    assert Counter(row["outcome"] for row in rows) == {"fetched": 19, "refused_robots": 1}
    assert origin.paths(1).count("/robots.txt") == 1
    assert "/closed1" not in origin.paths(1)


def test_the_rules_are_asked_for_one_at_a_time() -> None:
    """However many workers wait for them."""

    def reply(visit: Visit) -> Reply:
        return Reply(after_s=0.1 if visit.path == "/robots.txt" else 0.0, body=b"")

    with booked(reply) as origin:
        fetch_rows([f"{origin.urls[0]}/{n}" for n in range(30)], OBEDIENT, concurrency=30)

    assert origin.paths()[:2].count("/robots.txt") == 1
    assert origin.gaps()[0] >= 0.1


def test_crawl_delay_is_kept() -> None:
    """Between any two requests, robots.txt included, and never less than it says."""
    robots = b"User-agent: *\nCrawl-delay: 0.4\n"
    with booked(lambda _: Reply(body=robots)) as origin:
        fetch_rows(
            [f"{origin.urls[0]}/{n}" for n in range(4)],
            OBEDIENT,
            replace(UNLIMITED, per_host_delay_s=0.1),
        )

    assert len(origin.gaps()) == 4
    assert all(0.38 < gap < 1 for gap in origin.gaps())


def test_only_the_first_500_kib_count() -> None:
    """RFC 9309 §2.5; a rule that is cut there is none."""
    comment = b"#" * 79 + b"\n"
    start = b"User-agent: *\nDisallow: /a\n"
    filled = start + comment * ((512_000 - len(start) - 10) // 80)
    cut = filled + b"#" * (512_000 - len(filled) - 11) + b"\nDisallow: /b\nDisallow: /c\n"
    robots = Reply(body=cut + comment * 10_000)

    assert outcomes(robots, "/a", "/bcd", "/c")[0] == ["refused_robots", "fetched", "fetched"]


@pytest.mark.parametrize(("status", "word"), [(503, "refused_robots"), (404, "fetched")])
def test_a_long_error_page_is_no_file_of_rules(status: int, word: str) -> None:
    """What it says of the rules is its status."""
    robots = Reply(status=status, body=b"User-agent: *\nDisallow:\n" + b"#" * 600_000)

    assert outcomes(robots, "/a")[0] == [word]


def test_the_cap_on_pages_is_none_on_rules() -> None:
    """Half of the rules would be other rules."""
    robots = b"User-agent: *\n" + b"#" * 5000 + b"\nDisallow: /a\n"
    with booked(lambda _: Reply(body=robots)) as origin:
        (row,) = fetch_rows([f"{origin.urls[0]}/a"], replace(OBEDIENT, max_wire_bytes=1000))

    assert row["outcome"] == "refused_robots"


def test_rules_that_nobody_can_check_are_a_refusal() -> None:
    """Each of them would be tried on each URL."""
    told = rules("User-agent: *\n" + "Disallow: /*a\n" * 3000)

    assert told.refuse("http://h/b") == (
        FailureKind.REFUSED_ROBOTS,
        "robots.txt has more than 2000 wildcards",
    )


def test_a_server_in_trouble_gets_more_time_for_its_rules_than_for_a_page() -> None:
    """All its pages hang on them."""

    def reply(visit: Visit) -> Reply:
        return Reply(status=503 if visit.path == "/robots.txt" and visit.times < 1 else 200)

    with booked(reply) as origin:
        fetch_rows([f"{origin.urls[0]}/a"], replace(OBEDIENT, max_attempts=2))

    assert origin.paths() == ["/robots.txt", "/robots.txt", "/a"]
    assert origin.gaps()[0] >= 2


def test_compressed_rules_are_rules() -> None:
    """They are decoded as any page is."""
    import gzip  # noqa: PLC0415 - for this test alone

    body = gzip.compress(b"User-agent: *\nDisallow: /a\n")
    robots = Reply(body=body, headers={"Content-Encoding": "gzip"})

    assert outcomes(robots, "/a", "/b")[0] == ["refused_robots", "fetched"]


@pytest.mark.parametrize(
    ("text", "href", "allowed"),
    [
        ("User-agent: *\nDisallow: /a", "http://h/a", False),
        ("User-agent: *\nDisallow:", "http://h/a", True),
        ("", "http://h/a", True),
        ("<!doctype html><p>User-agent: *", "http://h/a", True),
        ("\ufeffUser-agent: *\nDisallow: /a", "http://h/a", False),
        ("User-agent: ACME-Pages\nDisallow: /a", "http://h/a", False),
        ("User-agent: acme-pages/2.0 (beta)\nDisallow: /a", "http://h/a", False),
        ("User-agent: acme\nDisallow: /a", "http://h/a", True),
        ("User-agent: pages\nDisallow: /a", "http://h/a", True),
        ("User-agent: *\nDisallow: /\nUser-agent: acme\nAllow: /", "http://h/a", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: acme-pages\nAllow: /", "http://h/a", True),
        ("User-agent: x\nUser-agent: acme-pages\nDisallow: /a", "http://h/a", False),
        (
            "User-agent: acme-pages\nDisallow: /a\nUser-agent: acme-pages\nDisallow: /b",
            "http://h/a",
            False,
        ),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "http://h/a/b", True),
        ("User-agent: *\nDisallow: /*.pdf$", "http://h/x.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "http://h/x.pdf?y", True),
        ("User-agent: *\nDisallow: /caf%C3%A9", "http://h/caf%C3%A9", False),
        ("User-agent: *\r\nDisallow: /a\r\n", "http://h/a", False),
        ("user-agent:*\ndisallow:/a # no", "http://h/a", False),
        ("User-agent: *\nDisallow: /", "http://h/robots.txt", True),
        ("\x00\xff\x00" * 50, "http://h/a", True),
        ("# hi\rUser-agent: acme-pages/1.0\rDisallow: /a\r", "http://h/a", False),
        ("User-agent: *\rAllow: /\r\rUser-agent: acme\rDisallow: /\r", "http://h/a", True),
        ("User-agent: *x\nDisallow: /a", "http://h/a", True),
        ("User-agent: * # all\nDisallow: /a", "http://h/a", False),
    ],
)
def test_rules_are_read_as_the_rfc_says(text: str, href: str, allowed: bool) -> None:  # noqa: FBT001
    """Groups by whole product tokens, the longest match, and nonsense as nothing."""
    assert (rules(text).refuse(href) is None) == allowed


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("2.5", 2.5), ("0", 0), ("-3", 0), ("nan", 0), ("inf", 0), ("soon", 0), ("", 0)],
)
def test_only_a_number_is_a_crawl_delay(line: str, seconds: float) -> None:
    """Anything else asks for nothing."""
    assert rules(f"User-agent: *\nCrawl-delay: {line}\n").crawl_delay_s == seconds


def test_large_rules_are_read_off_the_loop() -> None:
    """With the same result."""
    text = "User-agent: *\n" + "Disallow: /a\n" * 5000

    assert rules(text).refuse("http://h/a")


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        ("fetch_pipeline/0.1", "fetch_pipeline"),
        ("acme-pages/1.0 (+https://acme.example)", "acme-pages"),
        ("Mozilla/5.0 (compatible; AcmeBot/2.1; +http://acme.example)", "AcmeBot"),
        ("Acme Pages", "Acme"),
        ("007", ""),
    ],
)
def test_the_product_token_names_us(user_agent: str, token: str) -> None:
    """RFC 9309 §2.2.1: letters, _ and -."""
    assert product_token(user_agent) == token


def test_who_has_no_name_obeys_what_is_for_everybody() -> None:
    """And nothing else."""
    assert rules("User-agent: *\nDisallow: /a", token="").refuse("http://h/a")
    assert not rules("User-agent: x\nDisallow: /a", token="").refuse("http://h/a")


def test_a_redirect_of_the_rules_to_a_dead_host_says_nothing_of_the_pages() -> None:
    """They are refused, for their rules are not known; the host itself is there."""
    dead = Failed(kind=FailureKind.DNS_ERROR, detail="no such name", timing=Timing())

    assert unread(dead, redirected=True).refuse("http://h/a") == (
        FailureKind.REFUSED_ROBOTS,
        "robots.txt: no such name",
    )


def test_a_status_without_a_body_that_counts_is_no_rule() -> None:
    """300 and its kind name no rules."""
    head = Head(status=300, final_url="")
    odd = Failed(kind=FailureKind.HTTP_ERROR, detail="", timing=Timing(), head=head)

    assert unread(odd, redirected=False).refuse("http://h/") is None


def test_the_rules_of_a_host_are_its_own() -> None:
    """Scheme and port included (§2.3)."""
    assert robots_href("https://h.example:8443") == "https://h.example:8443/robots.txt"

"""Where a redirect leads."""

import pytest

from fetch_pipeline.core.redirect import Hop, RedirectError, next_hop

START = "https://example.com/a/b"
HOST = "https://example.com"


def hop(
    location: bytes | None,
    *,
    status: int = 302,
    hops: tuple[Hop, ...] = (Hop(START, HOST),),
    cookies: str = "",
) -> str:
    """Return the next href, or "final"."""
    target = next_hop(status, location, hops=hops, cookies_for=lambda _: cookies, max_redirects=3)
    return target.href if target else "final"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(status: int) -> None:
    """All five that name a place to go."""
    assert hop(b"/c", status=status) == "https://example.com/c"


@pytest.mark.parametrize("status", [200, 204, 300, 304, 305, 306, 404])
def test_other_statuses_are_final(status: int) -> None:
    """Even with a Location header."""
    assert hop(b"/c", status=status) == "final"


@pytest.mark.parametrize("location", [None, b""])
def test_a_redirect_to_nowhere_is_final(location: bytes | None) -> None:
    """There is no place to go."""
    assert hop(location) == "final"


@pytest.mark.parametrize(
    ("location", "href"),
    [
        (b"c?d#e", "https://example.com/a/c?d"),
        (b"//other.org/x", "https://other.org/x"),
        (b"http://other.org:8080", "http://other.org:8080/"),
        (b" /spaces here ", "https://example.com/spaces%20here"),
        (b"/latin-\xe9", "https://example.com/latin-%E9"),
        ("/utf-8-é".encode(), "https://example.com/utf-8-%C3%A9"),
        (b"/signed?x=%2Fy", "https://example.com/signed?x=%2Fy"),
        (b"https://user:secret@other.org/", "https://other.org/"),
    ],
)
def test_targets_are_resolved_byte_for_byte(location: bytes, href: str) -> None:
    """Bytes that are no UTF-8 go back as they came."""
    assert hop(location) == href


@pytest.mark.parametrize(
    "location", [b"file:///etc/passwd", b"javascript:alert(1)", b"http://", b"http://a b/"]
)
def test_a_target_that_is_no_page_is_an_error(location: bytes) -> None:
    """It says so, rather than failing to connect somewhere."""
    with pytest.raises(RedirectError, match="no page"):
        hop(location)


def test_a_loop_is_found_at_its_first_repetition() -> None:
    """Nothing is asked twice in one chain."""
    with pytest.raises(RedirectError, match="loop"):
        hop(b"/a/b", hops=(Hop(START, HOST), Hop("https://example.com/c", HOST)))


def test_the_host_to_be_asked_is_told() -> None:
    """It has limits and rules of its own, whoever leads there."""
    start = [Hop(START, HOST)]
    target = next_hop(
        301, b"//Other.org:8080/x", hops=start, cookies_for=lambda _: "", max_redirects=3
    )

    assert target == Hop("https://other.org:8080/x", "https://other.org:8080")


def test_the_same_page_with_a_cookie_is_another_one() -> None:
    """Sites that ask for a cookie send the visitor round once; twice is a loop."""
    assert hop(b"/a/b", cookies="seen=1") == START
    with pytest.raises(RedirectError, match="loop"):
        hop(b"/a/b", hops=(Hop(START, HOST), Hop(START, HOST, "seen=1")), cookies="seen=1")


def test_hops_are_counted() -> None:
    """Three are allowed here; the fourth is not followed."""
    chain = tuple(Hop(f"https://example.com/{n}", HOST) for n in range(4))

    assert hop(b"/last", hops=chain[:3]) == "https://example.com/last"
    with pytest.raises(RedirectError, match="more than 3"):
        hop(b"/last", hops=chain)

"""Pictures as text."""

from urllib.parse import unquote

from fetch_pipeline.report import svg


def test_nothing_in_a_picture_ends_the_markdown() -> None:
    """No space, bracket, quote or parenthesis but the image's own."""
    markdown = svg.image("about", svg.svg(10, 10, svg.text(0, 0, 'a) b"<&> c')))
    inside = markdown.removeprefix("![about](").removesuffix(")")

    assert not set(inside) & set(' ()[]<>"')


def test_words_are_escaped() -> None:
    """What a URL list or server said cannot become markup."""
    markdown = svg.image("about", svg.text(0, 0, "<script>&"))

    assert ">&lt;script>&amp;</text>" in unquote(markdown)

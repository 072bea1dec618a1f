"""Text that every table, log and screen can hold."""

from fetch_pipeline.core.text import printable


def test_ordinary_text_is_left_alone() -> None:
    """Letters of any script stay as they are."""
    assert printable("naïve 页面 🕷") == "naïve 页面 🕷"


def test_controls_and_surrogates_are_replaced() -> None:
    """Nothing a terminal would obey and nothing without a UTF-8 form survives."""
    assert printable("a\x00b\x1b[31mc\ud800d\x9be\n") == "a�b�[31mc�d�e�"


def test_spaces_of_other_widths_stay() -> None:
    """Not printable to Python, but harmless: only controls and surrogates go."""
    assert printable("a\u00a0b\u2003c") == "a\u00a0b\u2003c"

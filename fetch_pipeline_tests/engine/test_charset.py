"""How many characters a body has."""

import codecs
import gzip
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.engine.charset import PRESCAN_BYTES, Text, TextCounter

HTML = "text/html"


def count(body: bytes, content_type: str | None = HTML, *, step: int = 1000) -> Text | None:
    """Count a body fed `step` bytes at a time."""
    counter = TextCounter(content_type)
    for at in range(0, len(body), step):
        counter.feed(body[at : at + step])
    return counter.finish()


def meta(label: str, text: str = "é") -> bytes:
    """Return a page that declares `label` and holds an é in Latin-1."""
    return f"<!doctype html><meta charset='{label}'>{text}".encode("latin-1")


@pytest.mark.parametrize(
    ("body", "content_type", "charset", "source"),
    [
        (codecs.BOM_UTF8 + b"x", "text/html; charset=latin1", "utf-8", "bom"),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), HTML, "utf-16le", "bom"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), HTML, "utf-16be", "bom"),
        (meta("koi8-r"), "text/html; charset=ISO-8859-1", "windows-1252", "header"),
        (meta("koi8-r"), 'text/html; boundary=x; charset="utf-8"', "utf-8", "header"),
        (meta("koi8-r"), "text/html;CHARSET = utf-8", "utf-8", "header"),
        (meta("koi8-r"), HTML, "koi8-r", "meta"),
        (meta("koi8-r"), None, "koi8-r", "meta"),
        (meta("utf-16"), HTML, "utf-8", "meta"),
        (meta("x-user-defined"), HTML, "windows-1252", "meta"),
        (
            b"<meta http-equiv=Content-Type content='text/html; charset=sjis'>",
            HTML,
            "shift_jis",
            "meta",
        ),
        (b"<!-- <meta charset=koi8-r> -->" + meta("big5", ""), HTML, "big5", "meta"),
        (b"<?xml version='1.0' encoding='euc-kr'?><a/>", "application/xml", "euc-kr", "xml"),
        (b"<?xml version='1.0' encoding='euc-kr'?><a/>", "application/rss+xml", "euc-kr", "xml"),
        (meta("koi8-r", ""), "application/json", "utf-8", "utf-8"),
        (b"<?xml version='1.0' encoding='euc-kr'?><a/>", HTML, "euc-kr", "xml"),
        (meta("koi8-r"), 'text/html; x="; charset=big5"; charset=utf-8', "utf-8", "header"),
        (meta("koi8-r"), r'text/html; charset="utf\-8"', "utf-8", "header"),
        (meta("koi8-r"), 'text/html; charset=" utf-8 "', "utf-8", "header"),
        (meta("koi8-r"), "text/html; charset=utf-8, text/html", "utf-8", "header"),
        (meta("koi8-r"), "*/*", "koi8-r", "meta"),
        (meta("koi8-r"), "html", "koi8-r", "meta"),
        (meta("foo", "") + meta("koi8-r"), HTML, "koi8-r", "meta"),
        (b"<meta name='a>b' charset=koi8-r>", HTML, "koi8-r", "meta"),
        (b"<META CHARSET = 'koi8-r' />", HTML, "koi8-r", "meta"),
        (b"<meta/charset=koi8-r>", HTML, "koi8-r", "meta"),
        (b"<?x <meta charset=utf-8> ?><meta charset=koi8-r>", HTML, "koi8-r", "meta"),
        (b"<meta name=d content='set charset=koi8-r'>", HTML, "utf-8", "utf-8"),
        (b"<meta data-charset=koi8-r>", HTML, "utf-8", "utf-8"),
        (b"<metadata charset=koi8-r>", HTML, "utf-8", "utf-8"),
        (b"<a title='<meta charset=koi8-r>'>", HTML, "utf-8", "utf-8"),
        (b"<meta charset='koi8-r;'>", HTML, "utf-8", "utf-8"),
        (b"<p>it's<p><meta charset=koi8-r>", HTML, "koi8-r", "meta"),
        (b"<p title=it's><meta charset=koi8-r>", HTML, "koi8-r", "meta"),
        ("é".encode(), HTML, "utf-8", "utf-8"),
        (b"caf\xe9", HTML, "windows-1252", "fallback"),
        (b"", HTML, "utf-8", "utf-8"),
    ],
)
def test_who_names_the_encoding(
    body: bytes, content_type: str | None, charset: str, source: str
) -> None:
    """BOM, header, meta, XML declaration, strict UTF-8, windows-1252: the first that speaks."""
    text = count(body, content_type)

    assert text
    assert (text.charset, text.source) == (charset, source)


@pytest.mark.parametrize(
    "label", ["zlib", "idna", "punycode", "utf-7", "none", "unicode_escape", "iso-2022-kr", ""]
)
def test_labels_that_browsers_do_not_know_are_ignored(label: str) -> None:
    """Python knows more codecs than are safe; some of them raise, some run code on the text."""
    text = count("é".encode(), f"text/html; charset={label}")

    assert text == Text(length=1, charset="utf-8", source="utf-8")


@pytest.mark.parametrize(
    ("body", "length"),
    [
        ("naïve 页面 🕷".encode(), 10),
        (codecs.BOM_UTF8 + "naïve".encode(), 5),
        (codecs.BOM_UTF16_LE + "naïve🕷".encode("utf-16-le"), 6),
        (b"caf\xe9 \x81\x9d", 7),
        ("é".encode() * PRESCAN_BYTES, PRESCAN_BYTES),
        ("é".encode() * PRESCAN_BYTES + b"\xff", 2 * PRESCAN_BYTES + 1),
        ("é".encode() * PRESCAN_BYTES + b"\xc3", 2 * PRESCAN_BYTES + 1),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 10**6])
def test_characters_are_counted_wherever_the_pieces_are_cut(
    body: bytes, length: int, step: int
) -> None:
    """A late bad byte makes it windows-1252 from the start, where each byte is a character."""
    text = count(body, step=step)

    assert text
    assert text.length == length


@pytest.mark.parametrize(
    ("label", "body", "length"),
    [
        ("gbk", b"\xa2\xe3\xfe\x50", 2),
        ("euc-jp", b"\xad\xa1\xa4\xa2", 2),
        ("iso-2022-jp", b"\x1b(I123", 3),
        ("windows-1251", "яШя - слово".encode("cp1251"), 11),
    ],
)
def test_browsers_know_more_characters_than_codecs(label: str, body: bytes, length: int) -> None:
    """Those of the WHATWG tables are counted one by one."""
    text = count(body, f"text/html; charset={label}")

    assert text == Text(length=length, charset=label, source="header")


def test_bad_bytes_of_a_declared_encoding_count_as_replacements() -> None:
    """As in browsers; never an exception."""
    assert count(b"a\xffb\xc3", "text/html; charset=utf-8") == Text(
        length=4, charset="utf-8", source="header"
    )


@pytest.mark.parametrize(
    "content_type",
    ["image/png", "application/pdf", "application/octet-stream", "video/mp4", "font/woff2"],
)
def test_what_is_no_text_has_no_length(content_type: str) -> None:
    """Even where its bytes would decode."""
    assert count(b"plain enough", content_type) is None


@pytest.mark.parametrize(
    "content_type",
    [
        "text/css",
        "application/ld+json",
        "image/svg+xml",
        "application/javascript",
        "TEXT/PLAIN;x=y",
    ],
)
def test_text_goes_by_many_types(content_type: str) -> None:
    """Types of text, and suffixes that say so."""
    assert count(b"text", content_type) == Text(length=4, charset="utf-8", source="utf-8")


@pytest.mark.parametrize(
    "start",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"RIFF1234WEBPVP8 ",
        b"%PDF-1.7",
        b"\0\0\0\x20ftypisom",
        b"PK\3\4",
        gzip.compress(b"x", mtime=0),
        b"wOF2",
        b"\0asm",
    ],
)
@pytest.mark.parametrize("content_type", [HTML, "text/plain", "text/html; charset=utf-8", None])
def test_other_media_called_text_have_no_length(start: bytes, content_type: str | None) -> None:
    """Many servers call a picture text/html, or text/plain, whatever it is."""
    assert count(start + b" and more" * 100, content_type) is None


@pytest.mark.parametrize(
    ("content_type", "length"),
    [("text/plain", None), (None, None), (HTML, 6), ("text/plain; charset=utf-16le", 3)],
)
def test_a_nul_is_no_plain_text(content_type: str | None, length: int | None) -> None:
    """A type that servers give to everything needs proof; one they had to choose does not."""
    text = count(b"a\0b\0c\0", content_type)

    assert (text.length if text else None) == length


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-16-le", "utf-16le"), ("utf-16-be", "utf-16be")]
)
@pytest.mark.parametrize("content_type", [HTML, "application/xml", None])
def test_wide_xml_says_so_itself(encoding: str, name: str, content_type: str | None) -> None:
    """Without a mark, its declaration can be read in one way only (HTML §13.2.3.2)."""
    xml = "<?xml version='1.0'?><a>é</a>"

    text = count(xml.encode(encoding), content_type)

    assert text == Text(length=len(xml), charset=name, source="xml")


def test_without_a_type_the_bytes_tell() -> None:
    """A NUL never stands in text, unless a mark says that it is UTF-16."""
    assert count(b"\x89PNG\r\n\x1a\n\0\0", None) is None
    assert count(b"words", None) == Text(length=5, charset="utf-8", source="utf-8")
    assert count(codecs.BOM_UTF16_BE + b"\0a", None) == Text(
        length=1, charset="utf-16be", source="bom"
    )


@pytest.mark.parametrize("label", ["\udcff", "ü", "utf-8\udc00"])
def test_a_label_that_is_no_ascii_is_ignored(label: str) -> None:
    """The session hands on a server's bytes as surrogates."""
    assert count(b"x", f"text/html; charset={label}") == Text(
        length=1, charset="utf-8", source="utf-8"
    )


def test_a_decoder_that_gives_up_does_not_stop_the_run() -> None:
    """Python's ISO-2022-JP raises even where it was told to replace."""
    body = b"\x1d'\x1b$\x96\x11\x82,\x9c\x9ac\x1b"

    text = count(body, "text/html; charset=iso-2022-jp", step=1)

    assert text
    assert 0 < text.length <= len(body)


@pytest.mark.parametrize("label", ["iso-2022-jp", "gb18030", "euc-jp", "shift_jis", "utf-8"])
def test_nonsense_is_as_long_however_the_network_cuts_it(label: str) -> None:
    """Also past the first pieces, and where a decoder gives up."""
    body = b" " + random.Random(7).randbytes(20_000)  # noqa: S311 - only has to be nonsense

    lengths = {
        text.length if (text := count(body, f"text/html; charset={label}", step=step)) else None
        for step in (1, 7, 50, 200, 4096, 10**6)
    }

    assert len(lengths) == 1


@pytest.mark.parametrize("step", [1, 1000, PRESCAN_BYTES, 10**6])
def test_a_declaration_behind_the_prescan_is_not_seen(step: int) -> None:
    """However the network cuts the page."""
    body = b" " * PRESCAN_BYTES + meta("koi8-r")

    text = count(body, step=step)

    assert text
    assert (text.source, text.length) == ("fallback", len(body))


@pytest.mark.parametrize(
    "start", [b"<meta ", b"<meta charset=" + b" " * 4070, b"<!--", b"<meta charset", b"<?xml "]
)
def test_a_page_of_declarations_takes_no_time(start: bytes) -> None:
    """A pattern that goes back and forth over it would hold up every other page for minutes."""
    body = (start * 2**17)[: 6 * 2**17]
    begun = time.process_time()

    text = count(body, step=2**18)

    assert time.process_time() - begun < 0.1  # 20 ms; with the square of the blanks, 140
    assert text == Text(length=len(body), charset="utf-8", source="utf-8")


def test_an_empty_comment_ends_at_once() -> None:
    """HTML §13.2.3.2: `<!-->` is a whole one."""
    text = count(b"<!--><meta charset=koi8-r>\xe9")

    assert text
    assert (text.charset, text.source) == ("koi8-r", "meta")


@pytest.mark.parametrize(
    "body",
    [b"The ftyp box of an MP4 file", b"BM is a prefix", b"l\bls", b"the end of a DOS text\x1a"],
)
def test_a_declared_text_may_say_odd_things(body: bytes) -> None:
    """Only letter by letter the types of servers that do not know."""
    assert count(body, "text/plain; charset=utf-8") == Text(
        length=len(body), charset="utf-8", source="header"
    )


@pytest.mark.parametrize(
    "label",
    ["utf-8", "shift_jis", "gb18030", "big5", "euc-jp", "euc-kr", "iso-2022-jp", "utf-16le"],
)
@given(body=st.binary(max_size=300), step=st.integers(1, 50))
def test_no_bytes_make_a_declared_encoding_raise(label: str, body: bytes, step: int) -> None:
    """Multi-byte ones above all, cut anywhere."""
    assert count(b" " + body, f"text/html; charset={label}", step=step) is not None


@given(st.binary(max_size=6000), st.sampled_from([HTML, None, "text/html; charset=gb18030"]))
def test_any_bytes_have_a_length_or_none(body: bytes, content_type: str | None) -> None:
    """No body makes the counter raise."""
    text = count(body, content_type, step=700)

    assert text is None or text.length <= len(body)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_valid_utf8_has_as_many_characters_as_python_counts(text: str) -> None:
    """Nothing else names an encoding here, and the bytes are strict UTF-8."""
    body = b"x " + text.encode()

    assert count(body, "text/css") == Text(length=2 + len(text), charset="utf-8", source="utf-8")

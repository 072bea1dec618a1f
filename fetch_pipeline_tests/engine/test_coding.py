"""Content codings: bounded, and honest about cut bodies."""

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import islice

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.engine.coding import ACCEPT_ENCODING, BodyDecoder
from fetch_pipeline.engine.layers import PIECE_BYTES, CodingError

TEXT = b"".join(b"line %d of the page\n" % number for number in range(500))

gz = partial(gzip.compress, mtime=0)  # the time would make the ids of tests differ

ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gz,
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=5),  # 11, the default, takes seconds
    "zstd": zstd.compress,
}


def decode(coding: str, wire: bytes, *, step: int = 997) -> tuple[bytes, bool]:
    """Return the decoded body and whether it was complete, fed `step` bytes at a time."""
    decoder = BodyDecoder(coding)
    pieces = [
        piece for at in range(0, len(wire), step) for piece in decoder.feed(wire[at : at + step])
    ]
    pieces += decoder.finish()
    return b"".join(pieces), decoder.complete


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the zlib wrapper, as some servers send it."""
    return zlib.compress(data)[2:-4]


@pytest.mark.parametrize("step", [1, 2, 997, 10**6])
@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        ("gzip", gz(TEXT)),
        ("X-GZIP", gz(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("br", brotli.compress(TEXT)),
        ("zstd", zstd.compress(TEXT)),
        ("identity", TEXT),
        ("", TEXT),
        ("gzip, identity", gz(TEXT)),
        ("gzip, gzip", gz(gz(TEXT))),
        ("br, gzip", gz(brotli.compress(TEXT))),
        ("gzip,br , zstd", zstd.compress(brotli.compress(gz(TEXT)))),
        ("gzip", gz(TEXT[:5000]) + gz(TEXT[5000:])),
        ("zstd", zstd.compress(TEXT[:5000]) + zstd.compress(TEXT[5000:])),
        ("gzip", gz(TEXT) + b"\0" * 50),
        ("gzip", gz(TEXT) + b"junk"),
        ("gzip", gz(TEXT) + b"\x1f"),
        ("deflate", zlib.compress(TEXT) + b"junk"),
        ("zstd", zstd.compress(TEXT) + b"junk"),
        ("zstd", b"\x5a\x2a\x4d\x18\2\0\0\0??" + zstd.compress(TEXT)),
        ("deflate", gz(TEXT)),
        ("gzip", TEXT),
        ("zstd", TEXT),
        ("deflate", TEXT),
        ("br", TEXT),
        ("gzip, gzip", gz(TEXT)),
        ("br, gzip", gz(TEXT)),
    ],
)
def test_a_whole_body_is_decoded_whole(coding: str, wire: bytes, step: int) -> None:
    """Every coding, stacked, in several members, padded; wherever the network cut the pieces."""
    assert decode(coding, wire, step=step) == (TEXT, True)


@given(st.sampled_from(sorted(ENCODERS)), st.binary(), st.integers(1, 64))
def test_any_bytes_come_back(coding: str, body: bytes, step: int) -> None:
    """The reference encoders are the oracle."""
    assert decode(coding, ENCODERS[coding](body), step=step) == (body, True)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_a_body_cut_anywhere_is_incomplete(coding: str) -> None:
    """At every byte but the first: no byte at all is an empty body, not a cut one."""
    body = TEXT[:300]
    wire = ENCODERS[coding](body)

    for end in range(1, len(wire)):
        decoded, complete = decode(coding, wire[:end])
        assert body.startswith(decoded)
        assert not complete


def test_a_second_member_that_is_cut_makes_the_body_incomplete() -> None:
    """The first member alone is not the page."""
    wire = gz(TEXT) + gz(TEXT)

    assert decode("gzip", wire[:-1])[1] is False


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_an_empty_body_is_complete(coding: str) -> None:
    """Servers announce a coding for nothing, too."""
    assert decode(coding, b"") == (b"", True)


def test_an_unknown_coding_leaves_the_body_as_it_is() -> None:
    """Somebody may know it; we say that we do not."""
    decoder = BodyDecoder("gzip, aes128gcm")

    assert (decoder.unknown, list(decoder.feed(b"??")), decoder.complete) == (
        "aes128gcm",
        [b"??"],
        True,
    )


@pytest.mark.parametrize("coding", sorted(ENCODERS))
@pytest.mark.parametrize("body", [b"ok", b"{}", b"; a short text", b"x^ and more", b"KL and more"])
@pytest.mark.parametrize("step", [1, 100])
def test_a_text_that_is_not_of_its_coding_counts_as_it_is(
    coding: str, body: bytes, step: int
) -> None:
    """Some of these decode to a few bytes of nonsense, and end well."""
    assert decode(coding, body, step=step) == (body, True)


@pytest.mark.parametrize("coding", ["br", "deflate"])
def test_bytes_that_are_neither_text_nor_of_their_coding_are_an_error(coding: str) -> None:
    """Nothing says what they are."""
    with pytest.raises(CodingError):
        decode(coding, b"\xff\xfe\xfd\x00" * 100)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_a_body_that_is_damaged_later_is_never_whole(coding: str) -> None:
    """It did begin as it should: it is neither guessed nor taken for plain."""
    wire = bytearray(ENCODERS[coding](TEXT))
    for at in range(len(wire) // 3, len(wire), 7):
        wire[at] ^= 0xFF

    with suppress(CodingError):
        assert decode(coding, bytes(wire))[1] is False


def test_what_was_only_said_is_told() -> None:
    """The row has a remark; a coding that is there has none."""
    decoders = [BodyDecoder("gzip, gzip") for _ in range(2)]
    for decoder, wire in zip(decoders, (gz(TEXT), gz(gz(TEXT))), strict=True):
        list(decoder.feed(wire))

    assert [decoder.remark for decoder in decoders] == ["said to be gzip, but is not", None]


def test_the_codings_of_a_transfer_are_undone_too() -> None:
    """RFC 9112 §7: they come after those of the content; chunked is framing."""
    decoder = BodyDecoder("br", "gzip, chunked")

    body = list(decoder.feed(gz(brotli.compress(TEXT))))

    assert (b"".join(body), decoder.complete) == (TEXT, True)


def test_a_wrong_checksum_is_an_error() -> None:
    """RFC 1952 §2.3.1: the decompressed data is not what was compressed."""
    wire = gz(TEXT)

    with pytest.raises(CodingError, match="check"):
        decode("gzip", wire[:-8] + bytes(8))


@pytest.mark.parametrize("transfer", ["chunked, gzip", "chunked;q=1", "\x0bchunked", "foo"])
def test_chunks_that_nobody_undid_are_no_text(transfer: str) -> None:
    """Only a last coding of exactly that name is framing, which aiohttp undoes."""
    assert BodyDecoder("", transfer).unknown is not None


def test_too_many_layers_are_refused() -> None:
    """Each layer multiplies what a bomb can do."""
    with pytest.raises(CodingError, match="4 content codings"):
        BodyDecoder("gzip, gzip, gzip, gzip")


@pytest.mark.parametrize(("coding", "one"), [("zstd", zstd.compress(b"x")), ("gzip", gz(b"x"))])
def test_too_many_frames_or_members_are_refused(coding: str, one: bytes) -> None:
    """A megabyte of tiny ones is an attack on the processor; cutting it short would be a lie."""
    with pytest.raises(CodingError, match="more than 1024"):
        decode(coding, one * 2000, step=10**6)


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, PIECE_BYTES + 21])
@pytest.mark.parametrize("encode", [gz, zlib.compress, raw_deflate])
def test_a_piece_that_is_just_full_is_not_the_last(
    encode: Callable[[bytes], bytes], size: int
) -> None:
    """The library then holds back output though it took all input."""
    coding = "gzip" if encode is gz else "deflate"

    body, complete = decode(coding, encode(b"a" * size))

    assert (len(body), complete) == (size, True)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
@pytest.mark.parametrize("size", [2**18, 2**20, 2**23])
def test_a_page_that_packs_well_comes_out_whole(coding: str, size: int) -> None:
    """All of it is in a few bytes, and no further input will ever push it out."""
    decoded, complete = decode(coding, ENCODERS[coding](b"a" * size), step=10**6)

    assert (len(decoded), complete) == (size, True)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_a_bomb_goes_off_only_as_far_as_it_is_asked_to(coding: str) -> None:
    """64 MiB of zeros come in pieces; whoever stops asking has a few of them, and no more."""
    bomb = ENCODERS[coding](bytes(64 * 2**20))

    pieces = list(islice(BodyDecoder(coding).feed(bomb), 3))

    assert len(pieces) == 3
    assert all(0 < len(piece) < 2 * PIECE_BYTES for piece in pieces)


def test_a_window_larger_than_the_web_allows_is_refused() -> None:
    """RFC 9659: a client need not give 128 MB to decode one page."""
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    compressor = zstd.ZstdCompressor(options=options)
    wire = compressor.compress(TEXT * 10) + compressor.flush()

    with pytest.raises(CodingError):
        decode("zstd", wire)


def test_what_is_asked_for_is_what_can_be_decoded() -> None:
    """Accept-Encoding names exactly the codings there are."""
    for coding in ACCEPT_ENCODING.split(", "):
        assert BodyDecoder(coding).unknown is None

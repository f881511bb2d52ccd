"""What an image file's bytes tell without decoding: whole files, and their first and last bytes."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import png
from chalicelib.domain.image_header import NotAnImage, check_ends, read_header, read_size

WIDTH, HEIGHT = 37, 23
PNG = b"\x89PNG\r\n\x1a\n"


def grain() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


def encoded(kind: str, options: tuple[int, ...] = ()) -> bytes:
    return cv2.imencode(f".{kind}", grain(), options)[1].tobytes()


def progressive() -> bytes:
    return encoded("jpg", (cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 3))


def with_thumbnail(content: bytes) -> bytes:
    """A JPEG with another one in its first segment."""
    thumbnail = cv2.imencode(".jpg", grain()[:5, :7])[1].tobytes()
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + content[2:]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def built_png(*, depth=8, colour=2, interlaced=0, width=WIDTH, height=HEIGHT, rows=b"", before=b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return PNG + header + before + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def palette(colour: int) -> bytes:
    return chunk(b"PLTE", bytes(6)) if colour == 3 else b""


def check_pixel_data(content: bytes, header) -> None:
    """Count the rows of a PNG, as decoding does."""
    if header.format == "PNG":
        for _ in png.rows(content, header):
            pass


def refusal(content: bytes) -> str:
    with pytest.raises(BadImage) as caught:
        check_pixel_data(content, read_header(content))
    return caught.value.reason


KINDS = {"PNG": encoded("png"), "JPEG": encoded("jpg"), "WebP": encoded("webp")}


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_file_has_a_format_a_size_and_an_end(name):
    header = read_header(KINDS[name] + b"<script>")
    assert (header.format, header.width, header.height, header.length) == (name, WIDTH, HEIGHT, len(KINDS[name]))
    check_pixel_data(KINDS[name], header)


@pytest.mark.parametrize(
    ("kind", "quality", "alpha"), [(b"VP8L", 101, False), (b"VP8 ", 80, False), (b"VP8X", 80, True)]
)
def test_each_kind_of_webp_states_its_size(kind, quality, alpha):
    pixels = np.dstack([grain(), grain()[..., :1]]) if alpha else grain()
    content = cv2.imencode(".webp", pixels, (cv2.IMWRITE_WEBP_QUALITY, quality))[1].tobytes()
    assert content[12:16] == kind
    assert (read_header(content).width, read_header(content).height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("content", [*KINDS.values(), progressive(), with_thumbnail(progressive())])
def test_half_a_file_is_refused(content):
    read_header(content)
    for length in range(len(content)):
        with pytest.raises(BadImage):
            read_header(content[:length])


def test_only_a_png_of_8_bits_and_colour_is_stored_as_it_is():
    plain = {
        (depth, colour): read_header(built_png(depth=depth, colour=colour, before=palette(colour))).is_plain
        for depth, colour in [(8, 2), (8, 6), (8, 0), (8, 3), (8, 4), (16, 2)]
    }
    assert [kind for kind, is_plain in plain.items() if is_plain] == [(8, 2), (8, 6)]
    assert not read_header(built_png(before=chunk(b"tRNS", bytes(6)))).is_plain
    assert not read_header(KINDS["JPEG"]).is_plain


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"II*\0\x08\0\0\0", "a TIFF, which is not read: PNG, JPEG and WebP are"),
        (b"GIF89a", "a GIF, which is not read"),
        (b"BM\x8a\0", "a BMP, which is not read"),
        (b"", "not an image: it is empty"),
        (b"<html><body>quota exceeded", "not an image: it begins with '<html><body>'"),
        (KINDS["PNG"][:-12], "half a PNG: the end chunk is missing"),
        (KINDS["PNG"][:60], "half a PNG: it ends inside a chunk"),
        (PNG + chunk(b"IEND", b""), "a damaged PNG: it does not begin with its header"),
        (built_png(colour=5), "a damaged PNG: its header makes no sense"),
        (built_png(width=0), "a damaged PNG: its header makes no sense"),
        (built_png(before=chunk(b"acTL", bytes(8))), "an animated PNG, not a picture"),
        (built_png().replace(chunk(b"IDAT", b""), b""), "half a PNG: it has no pixels"),
        (built_png(rows=zlib.compress(bytes(100))), "half a PNG: rows are missing"),
        (built_png(rows=b"junk"), "a damaged PNG: its pixels do not unpack"),
        (KINDS["JPEG"][:-40], "half a JPEG: the end marker is missing"),
        (KINDS["JPEG"][:40], "half a JPEG: it ends inside a segment"),
        (b"\xff\xd8\xff\xd9", "half a JPEG: it has no pixels"),
        (b"\xff\xd8\xff\xe0\x00\x02junk", "a damaged JPEG: a marker is missing"),
        (b"\xff\xd8\xff\xc0\x00\x08\x0c\x00\x05\x00\x05\xff\xd9", "a JPEG of 12 bits and 5x5 px cannot be used"),
        (KINDS["WebP"][:20], "half a WebP: it ends inside its header"),
        (KINDS["WebP"][:-1], "half a WebP: it is shorter than it says"),
        (b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02" + bytes(9), "an animated WebP, not a picture"),
        (b"RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0" + bytes(10), "a damaged WebP: its header makes no sense"),
        (b"RIFF\x16\0\0\0WEBPALPH\x0a\0\0\0" + bytes(10), "a damaged WebP: it does not begin with its picture"),
    ],
)
def test_the_reason_tells_what_came_instead(content, reason):
    assert refusal(content).startswith(reason)


def test_a_flipped_bit_in_a_png_is_noticed():
    content = bytearray(KINDS["PNG"])
    content[len(content) // 2] ^= 1
    assert refusal(bytes(content)) == "a damaged PNG: the checksum of chunk b'IDAT' is wrong"


@pytest.mark.parametrize(("depth", "colour", "bits"), [(8, 2, 24), (16, 6, 64), (1, 3, 1), (8, 4, 16)])
@pytest.mark.parametrize("interlaced", [0, 1])
def test_the_rows_of_a_png_are_counted_in_bytes(depth, colour, bits, interlaced):
    passes = [(HEIGHT, WIDTH)]  # and of Adam7, figure 4.2 of the standard: rows and columns of each pass
    if interlaced:
        passes = [(3, 5), (3, 5), (3, 10), (6, 9), (6, 19), (12, 18), (11, 37)]
    size = sum(rows * (1 + (columns * bits + 7) // 8) for rows, columns in passes)

    def of(count: int, *, cut: int = 0) -> bytes:
        rows = zlib.compress(bytes(count))
        rows = rows[: len(rows) - cut]
        return built_png(depth=depth, colour=colour, interlaced=interlaced, rows=rows, before=palette(colour))

    check_pixel_data(of(size), read_header(of(size)))
    assert refusal(of(size - 1)) == "half a PNG: rows are missing"
    assert refusal(of(size + 1)) == "a damaged PNG: it has more rows than its header says"
    assert refusal(of(size, cut=4)) == "half a PNG: the checksum of its pixels is missing"


@pytest.mark.parametrize("content", [KINDS["PNG"], KINDS["JPEG"], progressive(), with_thumbnail(progressive())])
def test_the_first_bytes_tell_the_size_and_the_last_ones_the_end(content):
    for length in range(len(content) - 200, len(content) + 1, 50):
        assert read_size(content[:length]) == (WIDTH, HEIGHT)
    check_ends(content[:100], content[-64:] + b"left by a camera", size=len(content))
    with pytest.raises(NotAnImage, match=r"^is cut off, or still being written$"):
        check_ends(content[:100], content[-200:-12], size=len(content))


@pytest.mark.parametrize("quality", [80, 101])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_webps_size_is_in_its_first_bytes(quality, alpha):
    pixels = np.dstack([grain(), grain()[..., :1]]) if alpha else grain()
    content = cv2.imencode(".webp", pixels, (cv2.IMWRITE_WEBP_QUALITY, quality))[1].tobytes()
    assert read_size(content[:30]) == (WIDTH, HEIGHT)
    check_ends(content[:30], content[-30:], size=len(content))


def test_a_jpegs_size_is_read_as_soon_as_it_is_stated():
    content = with_thumbnail(encoded("jpg"))
    stated = content.index(b"\xff\xc0", 2 + int.from_bytes(content[4:6], "big")) + 9
    assert read_size(content[:stated]) == (WIDTH, HEIGHT)
    with pytest.raises(NotAnImage):
        read_size(content[: stated - 1])


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "is no PNG, JPEG or WebP"),
        (KINDS["WebP"][:21], "is a WebP that does not say its size, or an animated one"),
        (KINDS["PNG"][:23], "is no PNG, JPEG or WebP"),
        (built_png(height=0), "says that it has no pixels"),
        (KINDS["JPEG"][:100], "is a JPEG that does not say its size"),
        (b"\xff\xd8\xff\xe0\x00\x02junk and more of it", "is a JPEG that does not say its size"),
    ],
)
def test_the_reason_follows_a_files_name(head, reason):
    with pytest.raises(NotAnImage) as caught:
        read_size(head)
    assert str(caught.value) == reason


@settings(max_examples=200, deadline=None)
@given(
    start=st.sampled_from([b"", PNG, PNG + b"\0\0\0\rIHDR", b"\xff\xd8\xff", b"RIFF\x20\0\0\0WEBP"]),
    rest=st.binary(max_size=300),
)
def test_no_bytes_make_the_reader_fail_in_any_other_way(start, rest):
    for read in (read_header, read_size):
        try:
            read(start + rest)
        except (BadImage, NotAnImage):
            continue

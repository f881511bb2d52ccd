"""What the intake takes, what it shows, and what it refuses, with the reason: files of each kind, whole and not."""

import struct
import zlib

import cv2
import numpy as np
import pytest
import simplejpeg

from chalicelib.domain.errors import BadImage, Unavailable
from chalicelib.domain.image_header import read_header
from chalicelib.intake import decode as intake
from chalicelib.intake.decode import decode
from chalicelib.intake.jpeg import _of_inks
from chalicelib.intake.pixels import to_pixels, turn
from chalicelib.intake.png import NotDecoded
from chalicelib.intake.slips import slipped
from tests.support.builders.image_files import (
    PNG,
    chunk,
    closed,
    encoded,
    every_kind,
    lying,
    palette_png,
    pixels_begin,
    png_of,
    riff,
    whole_webp,
    with_orientation,
)
from tests.support.builders.land import land

SIDE = 160
LAND = land(SIDE)
KINDS = every_kind(LAND)
LOSSLESS = ["PNG", "PNG alpha", "PNG 16 bits", "PNG interlaced", "WebP lossless"]


def refusal(content: bytes) -> str:
    with pytest.raises(BadImage) as caught:
        decode(content)
    return caught.value.reason


def _zeroed(content: bytes, count: int) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(count) + content[middle + count :]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_shows_what_was_written(kind):
    pixels = decode(KINDS[kind])
    assert pixels.bgr.shape == (SIDE, SIDE, 3)
    assert np.array_equal(pixels.valid.all(axis=1), [row >= 8 or "alpha" not in kind for row in range(SIDE)])
    if kind in LOSSLESS:
        assert np.array_equal(pixels.bgr[8:], LAND[8:])
    elif "grey" not in kind:
        assert np.abs(pixels.bgr[8:].astype(int) - LAND[8:]).mean() < (16 if "palette" in kind else 6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_off_or_cut_and_closed_is_refused(kind):
    content = KINDS[kind]
    begin = pixels_begin(content)
    for at in (0, 3, 20, *range(begin, len(content) - 64, (len(content) - begin) // 23)):
        refusal(content[:at])
        if at >= begin:
            refusal(closed(content, at))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [(1.0, 0.5), (0.5, 1.0), (2.0, 2.0), (1.0, 30.0)])
def test_a_header_that_lies_about_the_size_is_refused(kind, scale):
    refusal(lying(KINDS[kind], width=scale[0], height=scale[1]))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "JPEG" in kind])
def test_a_jpeg_with_zeros_or_noise_in_its_middle_is_refused(kind):
    content = KINDS[kind]
    middle = (pixels_begin(content) + len(content)) // 2
    noise = np.random.default_rng(4).integers(0, 255, 2000, np.uint8).tobytes()
    for filling in (bytes(2000), noise):
        reason = refusal(content[:middle] + filling + content[middle + 2000 :])
        assert reason.startswith(("a damaged JPEG", "half a JPEG"))


def test_a_jpeg_without_its_restart_markers_is_refused():
    content = KINDS["JPEG restarts"]
    begin = pixels_begin(content)
    packed = content[begin:]
    for marker in range(0xD0, 0xD8):
        packed = packed.replace(bytes([0xFF, marker]), b"")
    assert refusal(content[:begin] + packed).startswith("a damaged JPEG")


def test_a_progressive_jpeg_without_its_last_scans_is_refused():
    content = KINDS["JPEG progressive"]
    scans = [at for at in range(len(content)) if content[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for at in scans[1:]:
        assert refusal(content[:at] + b"\xff\xd9") == "half a JPEG: some of its scans are missing"


def test_a_jpeg_with_a_pass_more_than_anybody_writes_is_refused_unread():
    content = KINDS["JPEG 4:2:0"]
    scan = content[content.index(b"\xff\xda") : -2]
    assert refusal(content[:-2] + 70 * scan + b"\xff\xd9") == "a JPEG of 71 scans, more than 64, is not read"


def test_levels_that_slip_from_one_block_on_are_noticed():
    """What one wrong difference makes of all blocks after it; a step of the ground at the same place is none."""
    for block in ((8, 8), (16, 16)):
        whole = land(320, seed=2)
        assert not slipped(whole, block)
        damaged, step = whole.astype(int), whole.astype(int)
        at, column = 10 * block[1], 9 * block[0]
        damaged[at:, column:] += 14
        damaged[at + block[1] :, :column] += 14
        step[at:] += 14
        assert slipped(np.clip(damaged, 0, 255).astype(np.uint8), block)
        assert not slipped(np.clip(step, 0, 255).astype(np.uint8), block)


def test_small_images_cannot_slip():
    for height, width in ((1, 1), (7, 300), (300, 7), (16, 16)):
        assert not slipped(np.zeros((height, width, 3), np.uint8), (16, 16))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG 4:2:0", "WebP", "PNG 16 bits"])
def test_an_image_is_turned_as_every_viewer_turns_it(kind, orientation):
    wide = LAND[:96]
    content = every_kind(wide)[kind]
    turned = decode(with_orientation(content, orientation))
    plain = decode(content)
    if kind == "JPEG 4:2:0":
        seen = cv2.imdecode(np.frombuffer(with_orientation(content, orientation), np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(turned.bgr, seen), "OpenCV's own"
    assert np.array_equal(turned.bgr, turn(plain.bgr, orientation))
    header = read_header(with_orientation(content, orientation))
    assert (header.height, header.width) == turned.valid.shape == ((96, SIDE) if orientation < 5 else (SIDE, 96))


@pytest.mark.parametrize(("bits", "scaled_as"), [(8, 8), (10, 12), (11, 12), (12, 12), (14, 14), (16, 16)])
def test_values_of_fewer_bits_are_scaled_by_what_the_file_holds(bits, scaled_as):
    top = (1 << bits) - 1
    deep = (LAND.astype(np.uint32) * top // 255).astype(np.uint16)
    deep[0, 0] = top
    found = decode(encoded("png", deep)).bgr
    share = deep / ((1 << scaled_as) - 1)
    wanted = np.floor(255 * share) if scaled_as in (8, 16) else np.rint(255 * share ** (1 / 2.2))
    assert np.abs(found - wanted).max() == 0


def test_two_scenes_of_one_sensor_are_scaled_alike():
    bright, dark = LAND.astype(np.uint16) * 8, LAND.astype(np.uint16) * 3  # of 11 bits, one without a bright roof
    bright[:9], dark[:9] = 700, 700
    shown = [decode(encoded("png", scene)).bgr for scene in (bright, dark)]
    assert np.array_equal(shown[0][:9], shown[1][:9])
    assert shown[1].mean() < 0.7 * shown[0].mean()


def with_sbit(content, *bits):
    body = b"sBIT" + bytes(bits)
    return content[:33] + struct.pack(">I", len(bits)) + body + struct.pack(">I", zlib.crc32(body)) + content[33:]


@pytest.mark.parametrize("low", [0, 100])
def test_values_of_nine_bits_and_of_a_narrow_range_keep_their_contrast(low):
    deep = (low + LAND.astype(np.uint16) * (500 - low) // 255).astype(np.uint16)
    deep[0, 0] = 511
    assert decode(encoded("png", deep)).bgr.std() > 2 * (deep * 255.0 / 4095).std()
    assert decode(with_sbit(encoded("png", deep), 9, 9, 9)).bgr.max() > 250, "as the file says"


def test_what_a_file_says_of_its_bits_counts_unless_its_values_are_above():
    deep = LAND.astype(np.uint16) * 257
    plain = encoded("png", deep)
    assert np.array_equal(decode(with_sbit(plain, 11, 11, 11)).bgr, decode(plain).bgr)
    dark, bright = (np.minimum(LAND.astype(np.uint16) * factor, 511) for factor in (1, 2))
    dark[:9], bright[:9] = 200, 200
    shown = [decode(with_sbit(encoded("png", scene), 9, 9, 9)).bgr for scene in (dark, bright)]
    assert np.array_equal(shown[0][:9], shown[1][:9])


def test_the_highest_value_marks_no_data_where_the_others_are_of_fewer_bits():
    deep = LAND.astype(np.uint16) * 8
    deep[:20] = 65_535
    pixels = decode(encoded("png", deep))
    assert not pixels.valid[:20].any()
    assert pixels.valid[20:].all()
    assert np.array_equal(pixels.bgr[20:], decode(encoded("png", deep[20:])).bgr)


@pytest.mark.parametrize("alpha", [1, 128, 204, 255])
def test_what_is_partly_transparent_is_seen(alpha):
    pixels = np.dstack([LAND, np.full((SIDE, SIDE), alpha, np.uint8)])
    pixels[:9, :, 3] = 0
    for kind in ("png", "webp"):
        found = decode(encoded(kind, pixels, *([cv2.IMWRITE_WEBP_QUALITY, 101] if kind == "webp" else [])))
        assert (found.valid.sum(), found.valid[:9].any()) == ((SIDE - 9) * SIDE, False)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("samples", [1, 3])
def test_a_colour_that_stands_for_transparent_is_not_seen(depth, samples):
    pixels = LAND[:, :, :samples].astype(depth) + depth(1)
    pixels[:10] = 0
    found = decode(png_of(pixels, before=chunk(b"tRNS", bytes(2 * samples))))
    assert not found.valid[:10].any()
    assert found.valid[10:].all()


def test_a_transparent_colour_of_a_palette_is_not_seen():
    pixels = LAND.copy()
    pixels[:12] = (0, 0, 255)
    found = decode(palette_png(pixels, transparent=180))
    assert not found.valid[:12].any()
    assert found.valid[12:].all()


def test_ink_is_read_with_the_right_colours():
    """Four channels, by Adobe's marker 255 where there is no ink. OpenCV writes none, so simplejpeg does."""
    light = np.dstack([LAND[:, :, ::-1], np.full((SIDE, SIDE, 1), 255, np.uint8)])
    inks = simplejpeg.encode_jpeg(np.ascontiguousarray(light), quality=100, colorspace="CMYK", colorsubsampling="444")
    assert b"Adobe" in inks
    assert np.abs(decode(inks).bgr.astype(int) - LAND).mean() < 1
    assert np.array_equal(_of_inks(255 - light, is_inverted=False), _of_inks(light, is_inverted=True))


@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_the_end_is_no_part_of_an_image(kind):
    assert np.array_equal(decode(KINDS[kind] + b"<script>" * 9).bgr, decode(KINDS[kind]).bgr)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_strips_show_what_one_piece_shows(channels, depth, monkeypatch):
    from chalicelib.domain.image_formats import png

    pixels = np.dstack([LAND, LAND[:, :, :1] // 2 + 1])[:, :, :channels].astype(depth) * (
        1 if depth == np.uint8 else 257
    )
    filtered = pixels[:, :, 0] if channels == 1 else pixels
    content = png_of(pixels) if channels == 2 else encoded("png", filtered)  # which OpenCV cannot write with two
    whole = decode(content)
    monkeypatch.setattr(png, "STRIP_BYTES", 7 * png.row_bytes(read_header(content)))
    assert [np.array_equal(*each) for each in zip(decode(content), whole, strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 16, 3, 0, 0, 0)) + chunk(b"IEND", b""), "a damaged PNG"),
        (png_of(LAND[:, :, :1], colour=3), "a damaged PNG: its palette is missing"),
        (png_of(LAND, before=chunk(b"acTL", bytes(8))), "an animated PNG, not a picture"),
        (whole_webp(KINDS["WebP"][12:] * 2), "a damaged WebP: it has several pictures"),
        (whole_webp(riff(b"VP8X", bytes(10)) + KINDS["WebP"][12:]), "a damaged WebP: its header makes no sense"),
        (_zeroed(KINDS["WebP"], 1000), "a damaged WebP: it holds more than its picture"),
        (_zeroed(KINDS["WebP lossless"], 1000), "a damaged WebP"),
        (KINDS["JPEG 4:2:0"].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "a JPEG of 12 bits"),
    ],
)
def test_the_reason_says_what_is_wrong(content, reason):
    assert refusal(content).startswith(reason)


def test_bytes_are_bounded_before_anything_is_decoded():
    """1.5 MB that unpack to 1.6 GB, and a JPEG of 30 KB that says 14,000 px: both are refused by their headers."""
    header = struct.pack(">IIBBBBB", 14_142, 14_142, 16, 6, 0, 0, 0)
    bomb = PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")
    assert "MB to decode, more than 330: cut it into several, or save it with 8 bits" in refusal(bomb)
    lie = lying(KINDS["JPEG 4:2:0"], width=14_000 / SIDE, height=14_000 / SIDE)
    assert refusal(lie).startswith("a JPEG of 14000x14000 px and 0 MB takes 588 MB to decode, more than 330")


def test_what_this_machine_lacks_is_not_the_images_fault(monkeypatch):
    monkeypatch.setattr(intake, "_room", lambda header: np.empty(1 << 60, np.uint8))
    with pytest.raises(Unavailable, match="not enough memory to decode a PNG of 160x160 px"):
        decode(KINDS["PNG"])


def test_a_codec_that_is_missing_is_not_the_images_fault(monkeypatch):
    def without_webp(content):
        raise NotDecoded("it does not decode")

    monkeypatch.setattr(intake, "with_opencv", without_webp)
    with pytest.raises(Unavailable, match="this machine's OpenCV does not read WebP"):
        decode(KINDS["WebP"])


def test_floating_point_that_is_not_finite_is_no_data():
    assert to_pixels(np.float32([[[1, np.nan, 3]]])).valid.tolist() == [[False]]

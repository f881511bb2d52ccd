import contextlib
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Bounds, Tile, View
from chalicelib.vision import gate
from chalicelib.vision.gate import inspect
from tests.support.builders.land import CALM, EVERYWHERE, VIEW, grained, land, png, terms, tile_ground

SIDE = CALM.size_px
OPEN = terms(sends_placeholders=False)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bomb(side: int) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def encoded(kind: str) -> bytes:
    return cv2.imencode(f".{kind}", land(SIDE))[1].tobytes()


def refusal(content: bytes, *, sends_placeholders: bool = False) -> str:
    with pytest.raises(BadImage) as caught:
        inspect(content, CALM, EVERYWHERE, terms(sends_placeholders=sends_placeholders))
    return caught.value.reason


def test_a_good_png_passes_through_untouched():
    content = encoded("png")
    found = inspect(content, CALM, EVERYWHERE, OPEN)
    assert found.content == content
    assert (found.width, found.height, found.clear_share) == (SIDE, SIDE, 1.0)


@pytest.mark.parametrize("kind", ["jpg", "webp"])
def test_other_formats_are_stored_as_png_with_the_same_pixels(kind):
    content = encoded(kind)
    stored = cv2.imdecode(np.frombuffer(inspect(content, CALM, EVERYWHERE, OPEN).content, np.uint8), -1)
    assert np.array_equal(stored, cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR))


def test_grey_and_16_bit_images_are_stored_as_8_bit_colour():
    grey = cv2.cvtColor(land(SIDE), cv2.COLOR_BGR2GRAY)
    for image in (grey, grey.astype(np.uint16) * 257):
        stored = cv2.imdecode(np.frombuffer(inspect(png(image), CALM, EVERYWHERE, OPEN).content, np.uint8), -1)
        assert stored.dtype == np.uint8
        assert np.array_equal(stored, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))


def test_what_follows_the_end_of_an_image_is_not_stored():
    content = encoded("png")
    assert inspect(content + b"<script>", CALM, EVERYWHERE, OPEN).content == content


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_half_a_file_is_never_accepted(kind):
    content = encoded(kind)
    for length in [*range(0, len(content), 64), len(content) - 1]:
        refusal(content[:length])


def test_rows_missing_inside_a_well_formed_png_are_noticed():
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    half = zlib.compress(bytes((1 + 3 * SIDE) * (SIDE // 2)))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", half) + chunk(b"IEND", b"")
    assert refusal(content) == "half a PNG: rows are missing"


def test_another_size_is_refused_with_both_sizes():
    assert refusal(png(land(SIDE + 1))) == f"a picture of {SIDE + 1}x{SIDE + 1} px, not {SIDE}x{SIDE}"


@pytest.mark.parametrize("side", [10_000, 20_000, 33_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_by_its_header(side):
    assert "not 80x80" in refusal(bomb(side))


def test_a_png_that_unpacks_to_more_than_its_rows_is_cut_off_or_refused():
    with contextlib.suppress(BadImage):
        assert inspect(bomb(SIDE), CALM, EVERYWHERE, OPEN).width == SIDE


def test_a_jpeg_lying_on_its_side_by_exif_is_stored_upright():
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    plain = encoded("jpg")
    turned = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
    stored = [
        cv2.imdecode(np.frombuffer(inspect(content, CALM, EVERYWHERE, OPEN).content, np.uint8), -1)
        for content in (plain, turned)
    ]
    assert np.array_equal(stored[1], cv2.rotate(stored[0], cv2.ROTATE_90_CLOCKWISE))


def test_a_blank_image_is_refused_only_where_the_provider_sends_placeholders():
    blank = np.full((SIDE, SIDE, 3), 228, np.uint8)
    cv2.putText(blank, "no imagery", (10, 40), cv2.FONT_HERSHEY_PLAIN, 0.6, (90, 90, 90))
    assert "blank" in refusal(png(blank), sends_placeholders=True)
    assert inspect(png(blank), CALM, EVERYWHERE, OPEN).clear_share == 0  # elsewhere a white-out
    water = np.full((SIDE, SIDE, 3), (96, 80, 52), np.uint8)
    assert inspect(png(grained(water)), CALM, EVERYWHERE, OPEN).clear_share == 1  # flat is water


def test_clouds_take_from_the_clear_share():
    image = land(320)
    assert inspect(png(image), VIEW, EVERYWHERE, OPEN).clear_share == 1
    image[:, :160] = grained(np.full((320, 160, 3), 236, np.uint8))
    assert inspect(png(image), VIEW, EVERYWHERE, OPEN).clear_share < 0.55
    assert inspect(png(land(SIDE)), CALM, EVERYWHERE, terms(sends_placeholders=True)).clear_share == 1


def test_a_known_placeholder_is_refused_by_its_bytes(monkeypatch):
    import hashlib

    content = encoded("png")
    monkeypatch.setitem(gate.PLACEHOLDERS, hashlib.sha256(content).hexdigest(), "a map of nowhere")
    assert refusal(content) == "a placeholder instead of imagery: a map of nowhere"


def test_clear_share_counts_the_tiles_own_ground_inside_the_area():
    alpha = np.full((SIDE, SIDE, 1), 255, np.uint8)
    alpha[:, : SIDE // 2] = 0  # the western half is outside the scene
    content = png(np.dstack([land(SIDE), alpha]))
    assert inspect(content, CALM, EVERYWHERE, OPEN).clear_share == 0.5
    west, south, east, north = tile_ground(CALM)
    middle = (west + east) / 2
    assert inspect(content, CALM, Bounds(middle, south, east, north), OPEN).clear_share == 1.0
    assert inspect(content, CALM, Bounds(west, south, middle, north), OPEN).clear_share == 0.0


def test_transparency_survives_a_new_encoding():
    grey_alpha = np.dstack([land(SIDE), np.full((SIDE, SIDE, 1), 255, np.uint8)]).astype(np.uint16) * 257
    grey_alpha[:10, :, 3] = 0
    stored = cv2.imdecode(np.frombuffer(inspect(png(grey_alpha), CALM, EVERYWHERE, OPEN).content, np.uint8), -1)
    assert stored.shape == (SIDE, SIDE, 4)
    assert not stored[:10, :, 3].any()
    assert stored[10:, :, 3].all()


@settings(max_examples=300, deadline=None)
@given(
    start=st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x20\0\0\0WEBP", b"RIFF\xff\0\0\0WEBPVP8X"]
    ),
    rest=st.binary(max_size=400),
)
def test_no_bytes_make_it_fail_in_any_other_way(start, rest):
    refusal(start + rest)


@settings(max_examples=80, deadline=None)
@given(kind=st.sampled_from(["png", "jpg", "webp"]), data=st.data())
def test_no_damage_makes_it_fail_in_any_other_way(kind, data):
    content = bytearray(encoded(kind))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = inspect(bytes(content), CALM, EVERYWHERE, OPEN)
    except BadImage:
        return
    assert (found.width, found.height) == (SIDE, SIDE)


def test_every_view_size_is_asked_for_exactly():
    wide = View(tile=Tile(17, 96_788, 57_975), tile_px=100, margin_px=10)
    assert inspect(png(land(120)), wide, EVERYWHERE, OPEN).width == 120

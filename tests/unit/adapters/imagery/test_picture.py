import struct
from contextlib import suppress

import cv2
import numpy as np
import pytest

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.picture import Picture, kind_of, read_picture
from chalicelib.domain.image_header import HEAD_BYTES, TAIL_BYTES
from tests.support.builders.archives import noise


def encoded(ending, *options, pixels=None):
    return cv2.imencode(ending, noise(40, 30) if pixels is None else pixels, list(options))[1].tobytes()


def read(content, *, size=None):
    return read_picture(
        content[:HEAD_BYTES], content[-TAIL_BYTES:], size=len(content) if size is None else size, name="a.png"
    )


def turned(jpeg, orientation, order="<"):
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = mark + struct.pack(f"{order}HIH", 42, 8, 1) + entry + bytes(4)
    segment = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (encoded(".png"), "PNG"),
        (encoded(".jpg"), "JPEG"),
        (encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 80), "WebP"),
        (encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 101), "WebP"),
        (encoded(".webp", pixels=np.dstack([noise(40, 30), np.full((30, 40), 90, np.uint8)])), "WebP"),
    ],
)
def test_a_picture_is_told_by_its_bytes(content, form):
    assert read(content) == Picture(form, 40, 30)
    assert read(content + b"camera") == Picture(form, 40, 30)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
def test_one_that_is_cut_off_is_refused(ending, share):
    content = encoded(ending)
    with pytest.raises(BadItem, match=r"is cut off, or still being written: a\.png"):
        read(content[: int(len(content) * share)])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(10))
def test_one_that_lies_on_its_side_has_the_size_that_viewers_show(order, orientation):
    size = (30, 40) if orientation in range(5, 9) else (40, 30)
    assert read(turned(encoded(".jpg"), orientation, order))[1:3] == size


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"II*\x00" + bytes(20), "a TIFF"),
        (b"MM\x00*" + bytes(20), "a TIFF"),
        (b"II+\x00" + bytes(20), "a BigTIFF"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"GIF89a", "a GIF"),
        (b"BM6\x00", "a BMP"),
        (b"\x00\x00\x00\x20ftypavif", "a file of the kind avif"),
        (b"\n<!DOCTYPE HTML><p>", "a web page"),
        (b"", "empty"),
        (bytes(100), "a file of zeros"),
        (b"version https://git-lfs", "a pointer of Git LFS"),
        (b'{"error": 1}', "JSON"),
    ],
)
def test_what_is_no_picture_is_named(head, kind):
    assert kind_of(head) == kind
    with pytest.raises(BadItem) as bad:
        read(head)
    assert f"its picture is no PNG, JPEG or WebP but {kind}" in bad.value.says
    assert "a.png" not in bad.value.says
    assert str(bad.value).endswith("a.png")
    assert ("gdal_translate" in bad.value.remedy) == (kind in {"a TIFF", "a BigTIFF", "JPEG 2000", "a GIF", "a BMP"})


def test_no_start_of_a_file_raises_anything_else():
    for content in (encoded(".png"), turned(encoded(".jpg"), 6), encoded(".webp")):
        for length in range(min(len(content), 400)):
            for spoiled in (content[:length], content[:length] + b"\xff" * 40):
                with suppress(BadItem):
                    read(spoiled)

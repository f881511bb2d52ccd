"""Which bytes of a TIFF are asked for at once: blocks that lie beside each other come in one range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.tiff import ReadRange

Place = tuple[int, int, int]  # of a block in its level: down, across, plane
Block = tuple[int, int, Place]  # where it begins in the file, its length, its place
_GAP_BYTES = 32_000  # between two blocks that are fetched at once
_RANGE_BYTES = 8_000_000  # fetched at once


def fetched_in_ranges(blocks: list[Block], read: ReadRange) -> Iterator[tuple[bytes, Block]]:
    """Fetch blocks in the order of their places in the file: neighbours at once."""
    for group in _groups(blocks):
        begin = group[0][0]
        length = max(at + size for at, size, _ in group) - begin
        content = read(begin, length)
        if len(content) != length:
            raise BadImage("half a TIFF: it is shorter than it says")
        for block in group:
            yield content[block[0] - begin : block[0] - begin + block[1]], block


def _groups(
    blocks: Iterable[Block],
) -> Iterator[list[Block]]:
    group: list[Block] = []
    end = 0
    for at, size, place in blocks:
        if group and (at > end + _GAP_BYTES or max(end, at + size) - group[0][0] > _RANGE_BYTES):
            yield group
            group, end = [], 0
        group.append((at, size, place))
        end = max(end, at + size)
    if group:
        yield group

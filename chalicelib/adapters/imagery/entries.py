"""An item of an archive with its image, laid on its ground."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from chalicelib.adapters.imagery.assets import Asset
from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.bands import Band
from chalicelib.adapters.imagery.georeference import Georeference
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.item_store import StoredFile
from chalicelib.adapters.imagery.names import Names
from chalicelib.adapters.imagery.picture import Picture
from chalicelib.adapters.imagery.placing import lie
from chalicelib.adapters.imagery.stac import Item as StacItem
from chalicelib.domain.bands import VISIBLE
from chalicelib.domain.scenes import Item
from chalicelib.domain.tiles import Bounds

MASK = ".msk"  # behind a GeoTIFF's name: GDAL's file of its mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item and its image."""

    item: Item
    stated: StacItem
    asset: Asset
    image: StoredFile
    georeference: Georeference | None  # None: its item says nothing, and the GeoTIFF itself does
    bounds: Bounds  # with what the image's own pixels say
    gsd_m: float
    placed: Placed | None = None  # of a GeoTIFF
    mask: StoredFile | None = None  # of a GeoTIFF: in a file beside it
    bands: tuple[Band, ...] = ()  # in the order of the layers

    @property
    def is_of_bands(self) -> bool:
        """Whether its picture is made of its bands; it is their red one then by name."""
        return {band.name for band in self.bands}.issuperset(VISIBLE)


def checked(asset: Asset, image: StoredFile) -> Georeference | None:
    """Return where an asset is said to lie. Raises BadItem if that cannot be, or its file is another one."""
    georeference = asset.georeference
    if isinstance(georeference, BadItem):
        raise georeference.again()
    if asset.size is not None and asset.size != image.size:
        raise BadItem(
            f"file:size says {asset.size} bytes, its picture has {image.size}: it is another file, or cut off"
        )
    return georeference


def lay(
    stated: StacItem, asset: Asset, image: StoredFile, picture: Picture, *, names: Names, bands: Sequence[Band]
) -> Entry:
    """Return the entry of an item whose picture one of its assets is. Raises BadItem."""
    image = picture.found or image
    georeference = checked(asset, image)
    bounds, gsd_m, placed = lie(picture, georeference)
    mask = names.find(PurePosixPath(image.name).name + MASK, beside=image.name) if placed else None
    # Whatever changes the pixels of a view changes its content. The time of its file is part of it: one that was only
    # touched is fetched once more, and found to be the same.
    is_lonlat = georeference is not None and georeference.is_lonlat
    shown = (image, placed, mask) if placed else (image, tuple(bounds), is_lonlat)
    more = bands if asset.no_data is None else (*bands, asset.no_data)
    # How many bits its samples are said to have is not: what was fetched on another scale shows the same ground.
    content = hashlib.sha256(repr((*shown, *more)).encode()).hexdigest()[:16]
    return Entry(
        item=Item(stated.item_id, stated.captured_at, content, bounds, gsd_m, stated.cloud_share),
        stated=stated,
        asset=asset,
        image=image,
        georeference=georeference,
        bounds=bounds,
        gsd_m=gsd_m,
        placed=placed,
        mask=mask,
        bands=tuple(bands),
    )

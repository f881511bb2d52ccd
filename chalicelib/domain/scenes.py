"""Scenes: what a provider took on one day, on what terms, and on which grid it is asked for tiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.errors import BadImage, LicenceRefused
from chalicelib.domain.tiles import Tile, View

CLOCKS_MAY_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What a provider's terms let us do with its images."""

    name: str
    url: str
    attribution: str
    may_store: bool
    may_analyse: bool

    @property
    def permits_watching(self) -> bool:
        """Whether an area may be watched with these images: they are stored, and they are analysed."""
        return self.may_store and self.may_analyse


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTerms:
    """What a provider is, what it allows and what it costs."""

    name: str
    licence: Licence
    is_dated: bool  # does each image say when it was taken?
    sends_placeholders: bool  # answers "no imagery here" with an image: then a flat one is suspect
    cost_per_request_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How a provider is asked for tiles: at which grid zoom, and at how many pixels."""

    zoom: int
    tile_px: int
    margin_px: int

    def view(self, tile: Tile) -> View:
        """Return what an image of the tile shows."""
        return View(tile=tile, tile_px=self.tile_px, margin_px=self.margin_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One dated product of a provider, as far as it says. An undated provider has an empty id and no time."""

    scene_id: str
    captured_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedImage:
    """What a provider answered for one view of one scene: an encoded image that nobody has inspected yet."""

    content: bytes
    scene: Scene
    attribution: str


def check_licence(terms: ProviderTerms) -> None:
    """Raise LicenceRefused for a provider whose images may not be stored or not be analysed."""
    if not terms.licence.permits_watching:
        raise LicenceRefused(
            f"the terms of {terms.name} forbid storing and analysing its imagery without a written permission"
        )


def check_date(scene: Scene, *, now: datetime) -> None:
    """Raise BadImage for a scene from the future: stored, it would be the newest for good and hide all that follow."""
    if scene.captured_at is not None and scene.captured_at > now + CLOCKS_MAY_DIFFER:
        raise BadImage(f"the newest picture is dated {scene.captured_at:%Y-%m-%d}, which has not come yet")


def is_newer(scene: Scene, *, than: Scene) -> bool:
    """Whether a scene may show something that the stored one does not. Of an undated one only its bytes can tell.

    >>> old = Scene(scene_id="a", captured_at=None)
    >>> is_newer(Scene(scene_id="b", captured_at=None), than=old), is_newer(old, than=old)
    (True, False)
    """
    if not scene.scene_id:
        return True
    is_older = scene.captured_at and than.captured_at and scene.captured_at < than.captured_at
    return scene.scene_id != than.scene_id and not is_older

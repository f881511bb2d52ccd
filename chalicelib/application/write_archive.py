"""What goes into an area's archive: a row and an image at a time, so that the memory for it does not grow with them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from chalicelib.application.ports.archive_files import NewArchive
from chalicelib.application.ports.area_contents import AreaContents, ImageRow, Row
from chalicelib.application.ports.images import Images
from chalicelib.domain import export_files as files
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.export_files import InArchive
from chalicelib.domain.exports import AreaExport, WhichImages, too_large
from chalicelib.domain.place_files import feature_of
from chalicelib.domain.plain_text import plain
from chalicelib.domain.retention import Use
from chalicelib.domain.scenes import Licence
from chalicelib.domain.tiles import bounds_of

ROWS_A_CHECK = 1000
_DIGEST = re.compile(r"-([0-9a-f]{32})\.png")  # in the key of a drawing: of its bytes


class ArchiveWriter:
    """Writes one archive. `check` is asked every now and then; it raises Invalid where there is no time left."""

    def __init__(
        self,
        archive: NewArchive,
        export: AreaExport,
        *,
        contents: AreaContents,
        store: Images,
        made_at: datetime,
        check: Callable[[], None],
    ) -> None:
        self._archive, self._export, self._contents, self._store = archive, export, contents, store
        self._made_at, self._check = made_at, check
        self._standings: Counter[InArchive] = Counter()
        self._drawings: Counter[InArchive] = Counter()
        self._attributions: dict[str, set[str]] = {}

    def write(self, licence_of: Callable[[str], Licence | None], *, most_bytes: int) -> None:
        """Write all of it. Raises Invalid for what would be too large, and NotFound where the area is deleted."""
        contents, area_id = self._contents, self._export.area_id
        area = contents.area(area_id)
        self._check_size(most_bytes)
        self._add("area.json", [files.json_text(area)])
        user_id = self._export.user_id
        self._add_rows("sessions.json", contents.sessions(area_id))
        self._add_rows("tiles.json", contents.tiles(area_id))
        self._add_rows("comparisons.json", contents.comparisons(area_id))
        self._add_rows("alerts.json", map(_shown, contents.alerts(area_id)))
        self._add("places.geojson", files.geojson_lines(map(feature_of, contents.places(area_id))))
        self._add_rows("sightings.json", contents.sightings(area_id))
        self._add_rows("parcels.json", contents.parcels(area_id))
        self._add_rows("holds.json", contents.holds(area_id))
        self._add_rows("pushes.json", contents.pushes(area_id, user_id=user_id))
        self._add_rows("audit.json", contents.audit(area_id, user_id=user_id))
        if self._export.images is not WhichImages.NONE:
            self._draw()
        self._add_images()
        counts, asked = files.Counts(self._standings), self._asked()
        licences = {name: licence_of(name) for name in self._attributions}
        named = [text for texts in self._attributions.values() for text in texts]
        self._add("LICENCES.txt", [files.licences_text(licences, named).encode()])
        readme = files.readme_text(
            area_id=area_id, name=area["name"], made_at=self._made_at, pictures=counts, asked=asked
        )
        self._add("README.txt", [readme.encode()])
        self._add("manifest.json", [files.json_text(self._manifest(asked))])

    def _add(self, name: str, parts: Iterable[bytes]) -> None:
        self._archive.add(name, parts, at=self._made_at)

    def _add_rows(self, name: str, rows: Iterable[Row]) -> None:
        self._add(name, files.json_lines(self._in_time(rows)))

    def _in_time(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows as long as there is time: a large area has more tiles of sessions than pictures."""
        for number, row in enumerate(rows):
            if number % ROWS_A_CHECK == ROWS_A_CHECK - 1:
                self._check()
            yield row

    def _asked(self) -> str:
        since = self._export.since
        return f"{self._export.images} pictures" + (f", taken since {since:%Y-%m-%d %H:%M} UTC" if since else "")

    def _is_asked(self, image: ImageRow) -> bool:
        export = self._export
        if export.images is WhichImages.NONE or (export.since is not None and image.taken_at < export.since):
            return False
        return export.images is WhichImages.ALL or any(used.use is not Use.NEWEST for used in image.used_by)

    def _check_size(self, most_bytes: int) -> None:
        """Say before anything is read that the images are too many."""
        size = sum(
            image.size_bytes
            for image in self._contents.images(self._export.area_id)
            if image.objects and self._is_asked(image)
        )
        if size > most_bytes:
            raise Invalid(too_large(size, most_bytes))

    def _draw(self) -> None:
        for alert in self._contents.alerts(self._export.area_id):
            for kind in ("mask", "overlay"):
                key = alert[f"{kind}_key"]
                if key is None:
                    continue
                self._check()
                found = _DIGEST.search(key)
                name = files.drawing_name(alert["id"], kind)
                self._drawings[self._take(key, found[1] if found else "", name, at=alert["created_at"])] += 1

    def _add_images(self) -> None:
        """Add the images that are asked for, and write of all of them what became of each."""
        # Written behind the images, for of an archive's files one is written at a time: a line is short.
        lines = [files.csv_line(files.IMAGE_COLUMNS)]
        for image in self._contents.images(self._export.area_id):
            self._attributions.setdefault(image.provider, set()).add(image.attribution)
            standing, names = self._add_image(image)
            if standing is InArchive.LOST and self._contents.is_dropped(image.image_id):  # since its row was read
                standing = InArchive.DROPPED
            self._standings[standing] += 1
            lines.append(files.csv_line(_cells(image, standing, names)))
        self._add("images.csv", lines)

    def _add_image(self, image: ImageRow) -> tuple[InArchive, list[str]]:
        if not image.objects:
            return InArchive.DROPPED, []
        if not self._is_asked(image):
            return InArchive.LEFT_OUT, []
        worst, names = InArchive.WHOLE, []
        for (key, sha256), kind in zip(image.objects, ("", "-bands"), strict=False):
            self._check()
            name = files.image_name(image.tile, image.taken_at, image.image_id, kind=kind)
            standing = self._take(key, sha256, name, at=image.taken_at)
            names.append("" if standing is InArchive.LOST else name)
            worst = max(worst, standing, key=list(InArchive).index)
        return worst, names

    def _take(self, key: str, sha256: str, name: str, *, at: datetime) -> InArchive:
        """Add an object, and say whether its bytes are those that were stored, by as much of the digest as is known."""
        try:
            content = self._store.get(key)
        except NotFound:
            return InArchive.LOST
        self._archive.add(name, [content], at=at, is_packed=True)
        return InArchive.WHOLE if hashlib.sha256(content).hexdigest().startswith(sha256) else InArchive.DAMAGED

    def _manifest(self, asked: str) -> dict[str, Any]:
        return {
            "format": files.FORMAT,
            "area_id": self._export.area_id,
            "export_id": self._export.export_id,
            "made_at": self._made_at,
            "asked_for": asked,
            "images": {each.value: self._standings[each] for each in InArchive},
            "drawings": {each.value: self._drawings[each] for each in InArchive},
            "files": [each._asdict() for each in self._archive.files],
        }


def _shown(alert: dict[str, Any]) -> dict[str, Any]:
    """Return an alert without keys of the store: its drawings are called by its number."""
    return {name: value for name, value in alert.items() if name not in ("mask_key", "overlay_key")}


def _cells(image: ImageRow, standing: InArchive, names: list[str]) -> list[Any]:
    file, bands_file = [*names, "", ""][:2]
    used = ["/".join(str(part) for part in each if part is not None) for each in image.used_by]
    attribution = image.attribution and plain(image.attribution)  # a file of a supplier says it
    return [
        *(image.image_id, standing.value, file, bands_file, f"{image.tile.z}/{image.tile.x}/{image.tile.y}"),
        *bounds_of(image.tile),
        *(image.taken_at, image.captured_at, image.stored_at, image.session_id, image.provider, image.scene_id),
        *(attribution, image.sha256, " ".join(used), image.pinned_at, image.pin_reason, image.dropped_at),
    ]

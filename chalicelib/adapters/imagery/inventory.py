"""An inventory of every file of an archive: used, or why not and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.catalogue import Listing, Read
from chalicelib.adapters.imagery.checksums import Checks, is_known
from chalicelib.adapters.imagery.dates import offer
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.adapters.imagery.hosts import shown
from chalicelib.adapters.imagery.item_store import StoredFile, Unreadable
from chalicelib.adapters.imagery.names import is_remote
from chalicelib.domain.archives import FileUse, Use
from chalicelib.domain.errors import BadImage
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, SINCE, why_not_of_then

WRITE_ITEM = "write an item beside it that says when and where: docs/archive.md"
ADD = "add"  # it becomes a GeoTIFF with an item by one command, which says when it seems to be taken
_NOT_READ = "a picture of a format that is not read: PNG, JPEG, WebP and GeoTIFF are"
_PACKED = "packed: what is in it is not read"
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".jfif")
_WORLDS = (".pgw", ".pngw", ".jgw", ".jpgw", ".wld", ".tfw")
_MISNAMED = "it is not read as an item: the names of items end in .json or .geojson, each one JSON object"
# Of a file that no item names: its endings, what it is, and what to do where it should be used.
_UNNAMED = (
    (_PICTURES, "a picture without an item", WRITE_ITEM),
    ((".tif", ".tiff", ".gtif", ".cog"), "a GeoTIFF without an item, so without its date", ADD),
    (
        (".jp2", ".j2k", ".jpx"),
        "JPEG 2000, which is not read: PNG, JPEG, WebP and GeoTIFF are",
        ADD,
    ),
    ((".gif", ".bmp", ".heic", ".heif", ".avif", ".ecw", ".sid", ".vrt"), _NOT_READ, ADD),
    ((".jxl", ".ppm", ".pgm", ".pnm", ".img", ".ntf", ".nitf", ".bil", ".bip", ".bsq", ".dng", ".jpe"), _NOT_READ, ADD),
    ((".zip", ".7z", ".rar", ".tar", ".tgz", ".tar.gz", ".kmz", ".mbtiles"), _PACKED, "take its pictures out"),
    (
        (".json.txt", ".geojson.txt", ".json.gz", ".geojson.gz", ".jsonl", ".ndjson", ".geojsonl", ".ndgeojson"),
        _MISNAMED,
        "give it such a name, or convert it",
    ),
    (_WORLDS, "a world file is not read, but by `add`: an item's bbox says where", ""),
    ((".xml", ".txt", ".md", ".csv", ".pdf", ".html", ".prj", ".ovr", ".msk"), "a sidecar or a text, not read", ""),
)
_MANY = 3  # reasons of one file that are written out


def inventory(
    listing: Listing,
    *,
    checks: Checks,
    day: Callable[[StoredFile], date | None],
    now: datetime,
) -> list[FileUse]:
    """Account for each file of a listing.

    `checks` are asked of pictures whose items state a checksum, `day` of those without an item: when they seem taken.
    """
    reasons = {each.place: _not_used(each, checks, now) for each in listing.reads}
    named = _Named(listing, reasons, day)
    by_file: dict[StoredFile, list[Read]] = {file: [] for file in listing.documents}
    for each in listing.reads:
        by_file[each.file].append(each)
    uses = [
        FileUse(name=each.name, use=Use.NOT_USED if each.is_wrong else Use.ASIDE, says=each.why)
        for each in listing.files.left_out
    ]
    for file in listing.files.files:
        if file in by_file:
            uses.append(_of_document(file, listing, by_file[file], reasons, checks))
        else:
            uses.append(named.of_file(file))
    return sorted(uses, key=lambda each: each.name)


def _not_used(read: Read, checks: Checks, now: datetime) -> tuple[str, str] | None:
    """Return why an item is not used, and what to do; None if it is."""
    found = read.found
    if isinstance(found, BadItem):
        return str(found), found.remedy
    odd = why_not_of_then(found.item.captured_at, since=SINCE, until=now + CLOCKS_MAY_DIFFER)
    if odd is not None:
        return odd, "correct its datetime"
    images = [(found.asset.checksum, found.image), *((band.checksum, band.image) for band in found.bands)]
    try:
        for checksum, image in dict.fromkeys(images):
            if checksum and is_known(checksum) and not is_remote(image.name):
                checks.check(image, checksum)
    except (BadImage, Unreadable) as bad:
        return bad.reason, "copy the picture again, or correct its item"
    return None


def _of_document(
    file: StoredFile,
    listing: Listing,
    reads: list[Read],
    reasons: dict[str, tuple[str, str] | None],
    checks: Checks,
) -> FileUse:
    document = listing.documents[file]
    if document.bad is not None:
        return FileUse(name=file.name, use=Use.NOT_USED, says=str(document.bad), remedy=document.bad.remedy)
    if not reads:
        return _of_catalogue(file, listing)
    bad = [(each, why) for each in reads if (why := reasons[each.place])]
    if len(reads) == 1:
        if bad:
            return FileUse(name=file.name, use=Use.NOT_USED, says=bad[0][1][0], remedy=bad[0][1][1])
        return FileUse(name=file.name, use=Use.ASIDE if reads[0].same_as else Use.USED, says=_item(reads[0], checks))
    says = f"{document.kind}, {len(reads) - len(bad)} used"
    for each, (reason, _) in bad[:_MANY]:
        says += f"; {each.place.rpartition(' ')[2]}: {reason}"
    says += f"; and {len(bad) - _MANY} more" if len(bad) > _MANY else ""
    return FileUse(name=file.name, use=Use.NOT_USED if bad else Use.USED, says=says, remedy=bad[0][1][1] if bad else "")


def _of_catalogue(file: StoredFile, listing: Listing) -> FileUse:
    document = listing.documents[file]
    if document.is_aside or not document.links:
        return FileUse(name=file.name, use=Use.ASIDE, says=document.kind)
    lost = [href for href in document.links if listing.names.find(href, beside=file.name) is None]
    outside = [href for href in lost if is_remote(href)]
    nowhere = [href for href in lost if not is_remote(href)]
    says = f"{document.kind} with {len(document.links)} {'link' if len(document.links) == 1 else 'links'}"
    if outside:
        says += f"; {len(outside)} lead out of the archive and are not followed, such as {shown(outside[0]):.120}"
    if nowhere:
        says += f"; {len(nowhere)} lead to nothing, such as {nowhere[0]:.120}"
    remedy = "put the missing file there, or take the link out" if nowhere else ""
    return FileUse(name=file.name, use=Use.NOT_USED if nowhere else Use.USED, says=says, remedy=remedy)


def _item(read: Read, checks: Checks) -> str:
    if not isinstance(read.found, Entry):
        return ""
    entry = read.found
    if read.same_as:
        return f"the same item as in {read.same_as}"
    notes = "".join(f"; {note}" for note in entry.stated.notes)
    better = entry.stated.assets[0]
    if entry.bands:
        notes += f"; its bands are {', '.join(band.name for band in entry.bands)}"
        notes += ", and its picture is made of them" if entry.is_of_bands else ""
    lost = [band.asset.key for band in entry.stated.bands if band.name not in {each.name for each in entry.bands}]
    if lost:
        notes += f"; its {', '.join(f'{key!r:.40}' for key in lost)} are elsewhere: without these bands"
    if better is not entry.asset and not entry.is_of_bands and not is_remote(better.href):
        notes += f"; its asset {better.key!r:.40} is elsewhere, or no picture"
    if entry.asset.checksum and is_remote(entry.image.name):
        notes += "; its file:checksum is not checked there"
    elif entry.asset.checksum and not is_known(entry.asset.checksum):
        notes += "; its file:checksum is of a kind that is not checked"
    elif entry.image in checks.left_out:
        notes += "; its file:checksum was not checked, so much would have to be read: `infra.archive check` does"
    if entry.placed is not None:
        system, said = entry.placed.system.name, f", a GeoTIFF of {entry.placed.width} x {entry.placed.height} px"
    else:
        known = entry.georeference
        system = "EPSG:4326" if known and known.is_lonlat else "EPSG:3857"
        said = "" if known and known.is_system_said else " (as nothing is said)"
    return (
        f"an item of {entry.item.captured_at:%Y-%m-%d %H:%M}Z, {entry.gsd_m:.3g} m a pixel, {system}{said}; "
        f"asset {entry.asset.key!r:.40}: {shown(entry.image.name)}{notes}"
    )


class _Named:
    """What the items of an archive say of its other files."""

    def __init__(
        self,
        listing: Listing,
        reasons: dict[str, tuple[str, str] | None],
        day: Callable[[StoredFile], date | None],
    ) -> None:
        self._day = day
        self._laid = {_stem(file.name) for file in listing.files.files if file.name.lower().endswith(_WORLDS)}
        self._used: dict[StoredFile, str] = {}
        self._waiting: dict[StoredFile, str] = {}
        self._others: dict[StoredFile, str] = {}
        for read in listing.reads:
            if isinstance(read.found, Entry):
                for image, says in _files_of(read.found, read.place):
                    if reasons[read.place]:
                        self._waiting.setdefault(image, read.place)
                    else:
                        self._used.setdefault(image, says)
        bad = {read.file for read in listing.reads if reasons[read.place]}
        whole = {file for file, document in listing.documents.items() if document.bad is not None}
        self._beside = {_stem(file.name): file.name for file in bad | whole}
        for file, document in listing.documents.items():
            for href in document.mentions:
                found = listing.names.find(href, beside=file.name)
                if found is not None:
                    (self._waiting if file in bad else self._others).setdefault(found, file.name)

    def of_file(self, file: StoredFile) -> FileUse:
        """Account for a file that is no JSON."""
        if file in self._used:
            return FileUse(name=file.name, use=Use.USED, says=self._used[file])
        if file in self._waiting:
            says = f"its item {self._waiting[file]} is not used: mend that"
            return FileUse(name=file.name, use=Use.NOT_USED, says=says)
        if file in self._others:
            return FileUse(name=file.name, use=Use.ASIDE, says=f"another asset of {self._others[file]}")
        name, beside = file.name.lower(), self._beside.get(_stem(file.name))
        if beside is not None and name.endswith(_PICTURES):
            says = f"{beside} beside it is not used: mend that"
            return FileUse(name=file.name, use=Use.NOT_USED, says=says)
        for endings, says, remedy in _UNNAMED:
            if name.endswith(endings):
                use = Use.NOT_USED if remedy else Use.ASIDE
                is_laid = endings == _PICTURES and _stem(file.name) in self._laid  # by a world file beside it
                what = offer(self._day(file)) if is_laid or remedy == ADD else remedy
                return FileUse(name=file.name, use=use, says=says, remedy=what)
        return FileUse(name=file.name, use=Use.ASIDE, says="nothing that an archive reads")


def _files_of(entry: Entry, place: str) -> Iterator[tuple[StoredFile, str]]:
    """Yield the files of an entry, and what each is."""
    if not entry.is_of_bands:
        yield entry.image, f"the picture of {place}"
    for band in entry.bands:
        yield band.image, f"the band {band.name} of {place}"
    if entry.mask is not None:
        yield entry.mask, f"the mask of {entry.image.name}"


def _stem(name: str) -> str:
    return name.rpartition(".")[0]

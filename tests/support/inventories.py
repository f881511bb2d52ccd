"""What an archive in a folder says of its files, and the STAC texts that are written there."""

import json
from datetime import UTC, datetime

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from tests.support.builders.archives import square
from tests.support.builders.scenes import search

AREA = square(28.6, 77.2, width_px=80, height_px=60, gsd_m=0.5).bounds
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def inventory(folder):
    return {each.name: each for each in ArchiveImagery(TERMS, folder).inventory(now=NOW)}


def uses(folder):
    return {name: each.use for name, each in inventory(folder).items()}


def ids(folder):
    return sorted(i.item_id for scene in search(ArchiveImagery(TERMS, folder), AREA).scenes for i in scene.items)


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


def catalogue(*links, kind="Catalog"):
    return {"type": kind, "id": "c", "links": [{"rel": rel, "href": href} for rel, href in links]}

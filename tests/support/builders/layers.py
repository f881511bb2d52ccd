"""Parcels and layers for tests: squares beside each other."""

from datetime import timedelta

from chalicelib.adapters.database.layer_imports import SqlLayerImports
from chalicelib.domain.layer_imports import ImportOptions, NewImport, Preview
from chalicelib.domain.layers import Extent, LayerKind, LayerSource, NewParcel
from chalicelib.domain.shapes import JoinedLand
from chalicelib.domain.tiles import Bounds

STEP = 0.0004  # degrees: about 45 m
WEST, SOUTH = 85.8, 20.2
SOURCE = LayerSource(file_name="plots.geojson", driver="GeoJSON", crs="EPSG:4326", tag_columns=("village",))


def a_parcel(number, *, columns=100, name=None, **permit):
    """Give the plot of a number in a field of plots that adjoin, row by row from the south-west."""
    x, y = (number - 1) % columns, (number - 1) // columns
    west, south = WEST + x * STEP, SOUTH + y * STEP
    bounds = Bounds(west, south, west + STEP, south + STEP)
    ring = [(west, south), (bounds.east, south), (bounds.east, bounds.north), (west, bounds.north), (west, south)]
    return NewParcel(
        number=number,
        name=name or f"{number}/1",
        tags={"village": "ଖଣ୍ଡଗିରି"},
        outlines=([ring],),
        bounds=bounds,
        m2=1_850.0,
        **permit,
    )


def extent_of(parcels, accuracy_m=5.0):
    """Give what is known of a version when these are written."""
    wests, souths, easts, norths = zip(*(parcel.bounds for parcel in parcels), strict=True)
    bounds = Bounds(min(wests), min(souths), max(easts), max(norths))
    m2 = sum(parcel.m2 for parcel in parcels)
    land = JoinedLand(5 * len(parcels), tuple(outline for parcel in parcels for outline in parcel.outlines))
    return Extent(parcels=len(parcels), bounds=bounds, m2=m2, accuracy_m=accuracy_m, land=land)


def an_import(imports, user_id, *, now, layer_id=None, kind=LayerKind.PARCELS, key="imports/1-a"):
    """Give a file that was read and is to be kept."""
    new = NewImport(user_id=user_id, object_key=key, file_name="plots.geojson", layer_id=layer_id)
    given = imports.add(new, now=now, most_waiting=20)
    imports.read(given.import_id, user_id=user_id, options=ImportOptions(kind=kind), now=now)
    claim = imports.claim(given.import_id, now=now, lease_s=60)
    imports.show(claim, Preview(driver="GeoJSON"))
    return given.import_id


def keep_layer(
    engine, user_id, parcels, *, now, name="Plots", layer_id=None, kind=LayerKind.PARCELS, key="imports/1-a"
):
    """Keep parcels as a layer, or as a layer's new version, as an import does; give the version."""
    imports = SqlLayerImports(engine)
    import_id = an_import(imports, user_id, now=now, layer_id=layer_id, kind=kind, key=key)
    imports.keep(import_id, user_id=user_id, name=name, now=now + timedelta(seconds=1), most_layers=100)
    claim = imports.claim(import_id, now=now, lease_s=60)
    version = imports.begin_version(claim, SOURCE, name=name, now=now, lease_s=60)
    levels = imports.add_parcels(version, parcels, now=now, lease_s=60)
    imports.end_version(claim, version, extent_of(parcels), levels=levels)
    return version

"""Places as a file: GeoJSON, CSV or GeoPackage."""

from __future__ import annotations

from chalice.app import Request, Response

from chalicelib.api.http import Api, Binary, queried, queried_only
from chalicelib.api.places import place_filter
from chalicelib.api.problems import Headers
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.errors import Invalid
from chalicelib.domain.place_files import csv_of, geojson_of

api = Api(__name__)
GEOJSON, CSV, GEOPACKAGE = "geojson", "csv", "gpkg"
MEDIA_TYPES = {
    GEOJSON: "application/geo+json",
    CSV: "text/csv; charset=utf-8",
    GEOPACKAGE: "application/octet-stream",  # the only one of its types that API Gateway lets bytes pass for
}
MOST_PLACES = 5000
MOST_BYTES = 4_000_000  # Lambda answers 6 MB, of which bytes take four thirds of their own
TOO_MANY = "these places do not fit in one file: ask for those of one area, or seen since a later time"
QUERY = ("areaConfigId", "since", "open", "format")


@api.route("/api/places/export", response=tuple(MEDIA_TYPES.values()), query=QUERY, extra_statuses=(404,))
def export_places(ports: Ports, request: Request, sign_in: SignIn) -> Response:
    """Give the places of your areas as a file: GeoJSON, CSV or GeoPackage; of one area, seen since a time, open or not.

    A GeoPackage is asked for with `Accept: application/octet-stream`.
    """
    queried_only(request, *QUERY)
    said = queried(request, "format")
    form = GEOJSON if said is None else said
    if form not in MEDIA_TYPES:
        raise Invalid(f"format is one of {', '.join(MEDIA_TYPES)}", pointer="format")
    wanted = place_filter(request, area="areaConfigId")
    if wanted.area_id is not None:
        ports.areas.get(wanted.area_id, user_id=sign_in.user.user_id)
    places = ports.places.whole(sign_in.user.user_id, wanted=wanted, most=MOST_PLACES)
    if places is None:
        raise Invalid(TOO_MANY, pointer="areaConfigId")
    headers: Headers = {"Content-Disposition": f'attachment; filename="places.{form}"', "Cache-Control": "no-store"}
    if form == GEOPACKAGE:
        content = ports.geopackage_of(places, now=ports.clock())
        _check_size(content)
        return Binary(content, media_type=MEDIA_TYPES[form], headers=headers)
    text = geojson_of(places) if form == GEOJSON else csv_of(places)
    _check_size(text.encode())
    return Response(body=text, status_code=200, headers=headers | {"Content-Type": MEDIA_TYPES[form]})


def _check_size(content: bytes) -> None:
    if len(content) > MOST_BYTES:
        raise Invalid(TOO_MANY, pointer="areaConfigId")

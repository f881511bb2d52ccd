"""Shapes by GEOS of more corners than an answer holds, or than can be joined in time: refused first, or plainer."""

import math

import pytest
import shapely

from chalicelib.adapters.shapes import cover as joining
from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.errors import Invalid
from chalicelib.domain.shapes import Ground
from chalicelib.domain.tiles import M_PER_DEGREE
from tests.support.builders.geometries import box, of, shape

LON, LAT = 77.59, 12.97
PLOT, BUND = 45.0 / M_PER_DEGREE, 1.5 / M_PER_DEGREE  # at the equator


def line(*positions):
    return {"type": "LineString", "coordinates": [[float(lon), float(lat)] for lon, lat in positions]}


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        (line(*((-80 + 160 * (each % 2), 10) for each in range(400))), "17 521 km wide or high"),
        (line(*((80 + 18 * (each % 2), 10 + each / 1000) for each in range(4999))), "more than 55 660 km long in all"),
        (
            line(*((80 + each * 37 % 101 / 1000, 20 + each * 53 % 97 / 1000) for each in range(1200))),
            "cross each other",
        ),
        (  # and every 99th edge, by which it was judged once, crosses none
            line(
                *(
                    (80 + n % 2 / 10, 20 + n * 53 % 97 / 1000 + i / 1e7)
                    for i in range(4999)
                    for n in [i - (i + 98) // 99]
                )
            ),
            "cross each other",
        ),
    ],
)
def test_what_would_be_pieces_by_the_million_is_refused_before_they_are_made(geometry, says, monkeypatch):
    monkeypatch.setattr("chalicelib.adapters.shapes.geometry.around", None)
    with pytest.raises(Invalid, match=says) as refused:
        shape(geometry, buffer_m=10)
    assert refused.value.pointer.startswith("/geometry")


def test_a_border_of_more_corners_than_an_answer_holds_is_refused(monkeypatch):
    monkeypatch.setattr("chalicelib.adapters.shapes.geometry.MOST_CORNERS", 20)
    with pytest.raises(Invalid, match=r"has \d+ corners; at most 20 are kept"):
        shape(of([(LON + 0.01 * math.cos(a / 4), LAT + 0.01 * math.sin(a / 4)) for a in [*range(25), 0]]))
    assert shape(of(box(LON, LAT, LON + 0.01, LAT + 0.01))).m2 > 0


def test_round_corners_by_the_thousand_become_angular(monkeypatch):
    there = line(*((LON + i / 10_000, LAT + 0.0001 * math.sin(i / 9)) for i in range(900)))
    exact = shape(there, buffer_m=50)
    monkeypatch.setattr("chalicelib.adapters.shapes.geometry.MOST_CORNERS", 500)
    plain = shape(there, buffer_m=50)
    assert sum(map(len, plain.watched[0])) < sum(map(len, exact.watched[0])) / 2
    assert plain.m2 == pytest.approx(exact.m2, rel=0.02)


def plots_with_bunds(side, gap=BUND):
    """Give so many plots in each direction, with a gap between them."""
    step = PLOT + gap
    corners = [(column * step, row * step) for row in range(side) for column in range(side)]
    return tuple([tuple(box(x, y, x + PLOT, y + PLOT))] for x, y in corners)


def test_gaps_between_parcels_are_watched_where_their_borders_were_too_many(monkeypatch):
    apart = GeosShapes().of_parcels(Ground(plots_with_bunds(6)), buffer_m=None, exclude=[])
    assert (len(apart.watched), apart.notes) == (36, ())
    monkeypatch.setattr(joining, "MOST_CORNERS", 100)
    whole = GeosShapes().of_parcels(Ground(plots_with_bunds(6)), buffer_m=None, exclude=[])
    assert whole.notes == ("gaps between these parcels, of up to 2 m, are watched as well",)
    assert len(whole.watched) == 1
    assert whole.m2 == pytest.approx((6 * 45 + 5 * 1.5) ** 2, rel=1e-3)
    land = joining.joined_land([shapely.Polygon(ring) for (ring,) in plots_with_bunds(6)])
    assert (land.corners <= 100, land.filled_m) == (True, 2.0)
    kept = GeosShapes().of_parcels(Ground(land.outlines, land.filled_m), buffer_m=None, exclude=[])
    assert (kept.notes, kept.m2) == (whole.notes, pytest.approx(whole.m2, rel=1e-6)), "of a whole layer it is told too"


def slivers(number):
    """Give so many plots of a hand's breadth that lie across each other."""
    turned = [(math.cos(each / number * math.pi), math.sin(each / number * math.pi)) for each in range(number)]
    at = [each * 37 % 101 * BUND for each in range(number)]
    ends = [
        (x + PLOT * 40 * east, x + PLOT * 40 * north, east, north) for x, (east, north) in zip(at, turned, strict=True)
    ]
    return tuple(
        [[(2 * x - a, 2 * x - b), (a, b), (a - BUND / 5 * north, b + BUND / 5 * east), (2 * x - a, 2 * x - b)]]
        for x, (a, b, east, north) in zip(at, ends, strict=True)
    )


def test_parcels_that_lie_across_each_other_are_refused_before_they_are_joined(monkeypatch):
    few = GeosShapes().of_parcels(Ground(slivers(40)), buffer_m=None, exclude=[])
    assert few.m2 > 0
    beside = plots_with_bunds(20)  # that cross none, and are many more
    monkeypatch.setattr(joining, "joined", None)
    for parcels in (slivers(700), beside + slivers(600)):
        with pytest.raises(Invalid, match=r"the border of these parcels has [\d ]+ corners; at most 40 000") as refused:
            GeosShapes().of_parcels(Ground(parcels), buffer_m=None, exclude=[])
        assert refused.value.pointer == "/layerId"
    land = joining.joined_land([shapely.Polygon(ring) for (ring,) in beside + slivers(1500)])
    assert (land.corners > 2_000_000, land.outlines) == (True, None), "a layer has more time"


def test_parcels_too_far_apart_are_not_joined_over_what_lies_between(monkeypatch):
    monkeypatch.setattr(joining, "MOST_CORNERS", 100)
    far = [shapely.Polygon(ring) for (ring,) in plots_with_bunds(6, gap=30 / M_PER_DEGREE)]
    assert joining.joined_land(far) == (180, None, 0.0)

"""What the permits on a change's ground mean for it, and which parcels it is said to touch."""

from datetime import date

import pytest

from chalicelib.domain.layers import LayerKind, Parcel
from chalicelib.domain.parcels import MOST_NAMED, LaidParcel, touched
from chalicelib.domain.permits import Bearing, Standing, standing_on, told_under
from chalicelib.domain.places import bounds_around
from tests.support.builders.parcels import plot

DAY = date(2026, 3, 1)
HOUSE = plot(10, 10, 30, 30)


def laid(outline, *, kind=LayerKind.PERMITS, accuracy_m=0.0, name="permit", **said):
    permit = {"valid_from": None, "valid_to": None, "reference": None, "state": "approved"} | said
    ground = {"outlines": (outline,), "bounds": bounds_around([outline]), "m2": 1.0}
    parcel = Parcel(parcel_id=1, version_id=1, number=1, name=name, tags={}, **ground, **permit)
    return LaidParcel(layer_id=1, layer_name="Layer", kind=kind, accuracy_m=accuracy_m, parcel=parcel)


def bearing(*permits, change=HOUSE, smallest_m2=50.0, **more):
    (found,) = touched([change], permits, day=DAY, smallest_m2=smallest_m2, **more).bearings
    return found


def test_two_permits_that_adjoin_allow_together_what_each_allows_in_part():
    west, east = laid(plot(0, 0, 20, 40), reference="A"), laid(plot(20, 0, 40, 40), reference="B")
    assert bearing(west) is None
    found = bearing(west, east)
    assert (found.standing, set(found.references)) == (Standing.VALID, {"A", "B"})


def test_two_permits_of_the_same_half_allow_no_more_than_one():
    half = plot(0, 0, 20.2, 40)
    assert bearing(laid(half, reference="A"), laid(half, reference="B")) is None


def test_permits_that_overlap_allow_together_what_lies_inside_of_either():
    west, east = laid(plot(0, 0, 21, 40), reference="A"), laid(plot(19, 0, 40, 40), reference="B")
    found = bearing(west, east)
    assert (found.standing, set(found.references)) == (Standing.VALID, {"A", "B"})
    assert bearing(west) is None
    south = laid(plot(0, 0, 40, 12), reference="C")
    assert set(bearing(south, west, east).references) == {"A", "B", "C"}


def test_what_overlapping_permits_share_counts_once():
    west, middle = laid(plot(0, 0, 22, 40)), laid(plot(18, 0, 27, 40))  # 60 % and 45 %, 85 % together
    assert bearing(west, middle) is None
    assert bearing(west, laid(plot(18, 0, 29, 40))).standing is Standing.VALID, "95 %"
    many = [laid(plot(0, 0, 21 + at / 100, 40)) for at in range(80)]
    assert bearing(*many) is None, "more borders than are held against each other"


@pytest.mark.parametrize(("accuracy_m", "standing"), [(5.0, Standing.VALID), (8.5, None)])
def test_overlapping_permits_that_may_lie_elsewhere_count_once_there_too(accuracy_m, standing):
    halves = [
        laid(plot(11, 11, 21, 29.5), accuracy_m=accuracy_m),
        laid(plot(19, 11, 29.5, 29.5), accuracy_m=accuracy_m),
    ]
    found = bearing(*halves, change=plot(11, 11, 29, 29))
    assert (found and found.standing) == standing


def test_what_is_disputed_or_revoked_is_not_allowed_by_another_permit():
    valid, against = laid(plot(0, 0, 40, 40)), laid(plot(0, 0, 20, 40), state="disputed", reference="D")
    assert bearing(valid, against) == Bearing(Standing.DISPUTED, ("D",))
    assert bearing(valid, against, laid(HOUSE, state="revoked", reference="R")) == Bearing(Standing.REVOKED, ("R",))


def test_a_corner_in_what_is_disputed_makes_nothing_graver():
    assert bearing(laid(plot(0, 0, 40, 40)), laid(plot(0, 0, 11, 40), state="disputed")).standing is Standing.VALID


def test_ground_outside_that_the_area_alerts_on_is_allowed_by_no_share_inside():
    house = plot(0, 0, 100, 100)
    permit = laid(plot(0, 0, 100, 92))  # 800 m2 lie outside: 8 %
    assert bearing(permit, change=house, smallest_m2=900.0).standing is Standing.VALID
    assert bearing(permit, change=house, smallest_m2=700.0) is None


def test_what_is_against_counts_together_and_by_what_the_area_alerts_on():
    valid = laid(plot(0, 0, 40, 40))
    west, east = laid(plot(0, 0, 11.5, 40), state="disputed"), laid(plot(29, 0, 40, 40), state="revoked")
    assert bearing(valid, west).standing is Standing.VALID
    assert bearing(valid, west, east).standing is Standing.DISPUTED
    assert bearing(valid, east, smallest_m2=19.0).standing is Standing.REVOKED


def test_what_several_are_against_counts_once():
    valid, strip = laid(plot(0, 0, 40, 40)), plot(0, 0, 11.5, 40)  # 7.5 % of the house
    twice = [laid(strip, state="revoked", reference=name) for name in ("R", "S")]
    assert bearing(valid, *twice).standing is Standing.VALID
    over = laid(plot(0, 0, 40, 11), state="revoked", reference="T")  # 5 %, of which some lies in the strip
    assert bearing(valid, *twice, over).standing is Standing.REVOKED, "12 % together"
    assert bearing(valid, *twice, over, smallest_m2=47.0).standing is Standing.REVOKED


def test_where_not_all_permits_are_known_nothing_is_allowed():
    valid, gone = laid(plot(0, 0, 40, 40)), laid(HOUSE, state="revoked")
    assert bearing(valid, are_permits_all=False) is None
    assert bearing(valid, gone, are_permits_all=False).standing is Standing.REVOKED


@pytest.mark.parametrize(("accuracy_m", "standing"), [(0.0, Standing.VALID), (8.0, Standing.VALID), (22.0, None)])
def test_a_permit_of_a_layer_that_may_lie_elsewhere_allows_what_is_inside_wherever_it_lies(accuracy_m, standing):
    found = bearing(laid(plot(8, 8, 32, 32), accuracy_m=accuracy_m))
    assert (found and found.standing) == standing


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        ({}, Standing.VALID),
        ({"valid_to": DAY, "valid_from": DAY}, Standing.VALID),
        ({"valid_from": date(2026, 3, 2)}, Standing.NOT_YET),
        ({"valid_to": date(2026, 2, 28)}, Standing.EXPIRED),
        ({"state": "expired"}, Standing.EXPIRED),
        ({"state": "pending"}, Standing.EXPIRED),
        ({"state": None}, Standing.EXPIRED),
        ({"state": "revoked", "valid_to": date(2020, 1, 1)}, Standing.REVOKED),
    ],
)
def test_a_permit_is_valid_only_where_everything_says_so(said, standing):
    days = {"state": "approved", "valid_from": None, "valid_to": None} | said
    assert standing_on(DAY, **days) is standing
    assert bearing(laid(plot(0, 0, 40, 40), **said)).standing is standing


def test_one_region_outside_leaves_the_alert_as_it_is():
    region = {"severity": "medium"}
    log = {"message": "900 m2 changed in 2 places", "severity": "medium", "regions": [region, region]}
    allowed, gone = Bearing(Standing.VALID, ("A", "B", "C")), Bearing(Standing.EXPIRED, ("E",))
    told = told_under(log, [allowed, None])
    assert "permit" not in told
    assert told["message"] == "900 m2 changed in 2 places; inside permit A and 2 more"
    assert told_under(log, [allowed, allowed])["permit"] == "valid"
    assert "permit" not in told_under(log, [allowed, gone])
    graver = told_under(log, [allowed, Bearing(Standing.REVOKED, ("R",))])
    assert (graver["permit"], graver["severity"], log["severity"]) == ("revoked", "high", "medium")


def test_of_hundreds_of_parcels_the_largest_shares_are_named_and_all_are_counted():
    strips = [
        laid(plot(east, 0, east + 2 + east / 50, 40), kind=LayerKind.PARCELS, name=f"{east}") for east in range(200)
    ]
    found = touched([plot(0, 0, 260, 40)], strips, day=DAY, smallest_m2=50.0)
    assert (len(found.named), found.total) == (MOST_NAMED, 200)
    assert found.named[0].name == "199"
    assert all(parcel.standing is None for parcel in found.named)

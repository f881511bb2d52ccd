"""How often an area is looked at: as its owner says, else as the operator says, else as its provider has news."""

from dataclasses import replace

import pytest
from typing_extensions import override

from tests.support.api_server import SMALL_AREA, ListedImagery


class News(ListedImagery):
    """A provider with a cadence of its own."""

    @property
    @override
    def terms(self):
        return replace(super().terms, usual_cadence_hours=120, tells_arrivals=True)


@pytest.mark.parametrize(
    ("settings", "said", "holds"),
    [
        ({}, {}, (120, True)),
        ({}, {"cadenceHours": None}, (120, True)),
        ({}, {"cadenceHours": 6}, (6, False)),
        ({"cadence_hours": 48}, {}, (48, False)),
        ({"cadence_hours": 48}, {"cadenceHours": 6}, (6, False)),
    ],
)
def test_the_owners_word_holds_then_the_operators_then_the_providers(server_with, settings, said, holds):
    server = server_with(default_provider="sample", **settings)
    server.providers["sample"] = News()
    asha = server.user()
    made = asha.post("/api/area-configs", SMALL_AREA | said)
    estimate = asha.post("/api/area-configs/estimate", SMALL_AREA | said).json
    assert made.status == 201
    for shown in (made.json, asha.get(f"/api/area-configs/{made.json['id']}").json, estimate):
        assert (shown["cadenceHours"], shown["looksOnArrival"]) == holds
    assert estimate["sessionsPerMonth"] == pytest.approx(720 / holds[0], abs=0.01)


def test_what_holds_stays_whatever_the_provider_says_later(server_with):
    server = server_with(default_provider="sample")
    asha = server.user()
    made = asha.post("/api/area-configs", SMALL_AREA).json
    server.providers["sample"] = News()
    kept = asha.get(f"/api/area-configs/{made['id']}").json
    assert (kept["cadenceHours"], kept["looksOnArrival"]) == (24, False)


class Searched(ListedImagery):
    """A provider whose searches show what has come."""

    @property
    @override
    def terms(self):
        return replace(super().terms, usual_cadence_hours=120, shows_arrivals=True)


def test_whose_provider_has_to_be_asked_is_looked_at_on_arrival_where_its_owner_wants_it(server_with):
    server = server_with(default_provider="sample")
    server.providers["sample"] = Searched()
    asha = server.user()
    made = asha.post("/api/area-configs", SMALL_AREA).json
    assert (made["cadenceHours"], made["looksOnArrival"]) == (120, False)
    changed = asha.call("PATCH", f"/api/area-configs/{made['id']}", {"looksOnArrival": True})
    assert (changed.status, changed.json["looksOnArrival"], changed.json["cadenceHours"]) == (200, True, 120)

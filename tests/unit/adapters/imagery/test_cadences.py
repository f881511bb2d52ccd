"""How often the providers have news."""

import pytest

from chalicelib.adapters.imagery.registry import PROVIDERS


@pytest.mark.parametrize(
    ("name", "hours", "tells_arrivals"),
    [
        ("sample", 24, False),
        ("archive", 24, True),
        ("sentinel2", 120, False),
        ("google_static", 168, False),
        ("xyz", 168, False),
        ("wms", 168, False),
    ],
)
def test_an_area_is_looked_at_about_as_often_as_its_provider_has_news(name, hours, tells_arrivals):
    terms = PROVIDERS[name].terms
    assert (terms.usual_cadence_hours, terms.tells_arrivals) == (hours, tells_arrivals)

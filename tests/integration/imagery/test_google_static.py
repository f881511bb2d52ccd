import pytest

from chalicelib.adapters.imagery.google_signing import signature
from chalicelib.adapters.imagery.google_static import UNDATED
from chalicelib.adapters.imagery.registry import provider_named
from chalicelib.domain.errors import (
    LicenceRefused,
    NotFound,
    ProviderRefused,
    ProviderUnavailable,
    Unavailable,
)
from chalicelib.domain.tiles import Bounds, View, grid_position
from tests.support.builders.catalogues import services
from tests.support.builders.google_provider import AREA, VIEW, failure, fetch, provider
from tests.support.builders.scenes import newest
from tests.support.standins.google import (
    SIGNING_SECRET,
    a_picture,
    rendered,
)


def test_googles_documented_example_is_signed_as_documented():
    url = "https://maps.googleapis.com/maps/api/geocode/json?address=New+York&client=clientID"
    assert signature(url, "vNIXE0xscrmjlyV-12Nj_BvUPaw=") == "chaRF2hTJKOScPr-RQCEhZbSzIE="
    assert signature(url, " vNIXE0xscrmjlyV-12Nj_BvUPaw\n") == "chaRF2hTJKOScPr-RQCEhZbSzIE="


def test_a_tile_is_640_logical_pixels_around_its_middle_one_zoom_deeper(google):
    picture = fetch(provider(google))

    _, query = google.requests[0]
    assert (query["zoom"], query["size"], query["scale"], query["maptype"]) == ("18", "640x640", "2", "satellite")
    lat, lon = map(float, query["center"].split(","))
    x, y = grid_position(lon, lat, 17)
    assert (x, y) == pytest.approx((93_640.5, 54_680.5), abs=0.0005)  # half a pixel
    assert picture.content == rendered(query["center"], "18", "640x640", "2")
    assert picture.scene == UNDATED


def test_a_server_that_checks_the_signature_takes_ours_and_refuses_another(google):
    assert fetch(provider(google, signing_secret=lambda: SIGNING_SECRET))
    other = failure(provider(google, signing_secret=lambda: "b3RoZXI="))
    assert isinstance(other, ProviderRefused)
    assert other.reason == "Google refuses the request (403): The provided 'signature' is not valid."


def test_nobody_is_sent_a_password_of_the_users(google, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent = []
    google.script(lambda handler, query: (sent.append(handler.headers), a_picture(handler, query)))
    named = provider_named("google_static")
    fetch(named.make(dict.fromkeys(named.settings, "said") | {"google_endpoint": google.endpoint}, services()))
    assert ["Authorization" in headers for headers in sent] == [False]


def test_without_a_signing_secret_the_request_goes_unsigned(google):
    google.script(a_picture)
    fetch(provider(google, signing_secret=lambda: ""))
    assert "signature" not in google.requests[0][1]


@pytest.mark.parametrize("permission", ["", "  "])
def test_without_a_stated_permission_nothing_is_asked_and_the_sentence_says_what_to_set(google, permission):
    imagery = provider(google, permission=permission)
    for ask in (
        lambda: imagery.grid(AREA),
        lambda: newest(imagery, VIEW, AREA),
        lambda: fetch(imagery),
    ):
        with pytest.raises(LicenceRefused, match="BHUPRAHARI_GOOGLE_PERMISSION"):
            ask()
    assert google.requests == []
    assert not imagery.terms.licence.may_store
    assert not imagery.terms.licence.may_analyse


def test_a_key_that_is_missing_is_refused_and_a_secret_store_away_is_unavailable(google):
    def missing():
        raise NotFound("there is no secret google-maps-key")

    def away():
        raise Unavailable("the secret store does not answer")

    assert type(failure(provider(google, key=missing))) is ProviderRefused
    assert "google-maps-key" in failure(provider(google, key=missing)).reason
    assert type(failure(provider(google, key=away))) is ProviderUnavailable
    assert "not base64url" in failure(provider(google, signing_secret=lambda: "§")).reason
    assert google.requests == []


def test_a_view_of_another_shape_is_refused(google):
    with pytest.raises(ProviderRefused, match="1024 px"):
        provider(google).fetch(UNDATED, View(tile=VIEW.tile, tile_px=512, margin_px=64), AREA)


def test_an_area_anywhere_has_the_same_grid(google):
    grid = provider(google).grid(Bounds(-70, -40, -69.99, -39.99))
    assert (grid.zoom, grid.tile_px, grid.margin_px) == (17, 1024, 128)

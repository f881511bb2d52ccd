"""Who shows an area whose owner names nobody: an archive that has pictures of it, else whom the operator says."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.errors import NoCoverage, ProviderUnavailable
from chalicelib.domain.scenes import Found, Item, scene_of
from tests.support.api_gateway import assert_refused
from tests.support.api_server import SMALL_AREA, ListedImagery

ELSEWHERE = SMALL_AREA | {"centerLat": 48.1}
A_STRIP = SMALL_AREA | {"centerLat": 17.2}
NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)


class AnArchive(ListedImagery):
    """An archive of the south: of its north only a strip of a picture."""

    def grid(self, area):
        if area.south > 20:
            raise NoCoverage("the archive has no picture of any of this area; it holds 3 usable items")
        return super().grid(area)

    def scenes(self, area, *, since, until):
        shown = area if area.south < 15 else area._replace(north=area.south + 0.3 * (area.north - area.south))
        return Found(scenes=(scene_of([Item("flight", NOW, "1", shown)]),))


def asked(server_with, body, **settings):
    server = server_with(**settings)
    server.providers["archive"] = AnArchive("archive")
    return server.user().post("/api/area-configs", body)


@pytest.mark.parametrize(
    ("settings", "body", "provider"),
    [
        ({"archive": "pictures", "default_provider": "none"}, SMALL_AREA, "archive"),
        ({"archive": "pictures", "default_provider": "sample"}, SMALL_AREA, "archive"),
        ({"archive": "pictures", "default_provider": "archive"}, SMALL_AREA, "archive"),
        ({"archive": "pictures", "default_provider": "sample"}, ELSEWHERE, "sample"),
        ({"archive": "pictures", "default_provider": "sample"}, A_STRIP, "sample"),
        ({"archive": "pictures", "default_provider": "none"}, A_STRIP, "archive"),
        ({"archive": "", "default_provider": "sample"}, SMALL_AREA, "sample"),
        ({"archive": "pictures", "default_provider": "none"}, SMALL_AREA | {"provider": "sample"}, "sample"),
        ({"archive": "", "default_provider": "none"}, SMALL_AREA | {"provider": "sample"}, "sample"),
    ],
)
def test_the_existing_clients_form_is_answered_by_who_has_pictures(server_with, settings, body, provider):
    answer = asked(server_with, body, **settings)
    assert (answer.status, answer.json["provider"]) == (201, provider)
    assert answer.json["attribution"] == "(c) Test"


@pytest.mark.parametrize(
    ("settings", "body", "says"),
    [
        (
            {"archive": "", "default_provider": "none"},
            SMALL_AREA,
            "nobody shows this area unless its provider is named",
        ),
        (
            {"archive": "pictures", "default_provider": "none"},
            ELSEWHERE,
            "the archive has no picture of any of this area",
        ),
        ({"archive": "pictures", "default_provider": "archive"}, ELSEWHERE, "the archive has no picture of any"),
        ({"archive": "pictures", "default_provider": "google_static"}, ELSEWHERE, "forbid"),
    ],
)
def test_no_place_gets_an_invented_landscape_that_nobody_asked_for(server_with, settings, body, says):
    refused = asked(server_with, body, **settings)
    assert_refused(refused, 400, 403)
    assert says in refused.json["message"]


def test_an_archive_that_is_not_read_yet_is_waited_for(server_with):
    class Reading(AnArchive):
        def grid(self, area):
            raise ProviderUnavailable("the archive's new files are being read")

    server = server_with(archive="pictures", default_provider="sample")
    server.providers["archive"] = Reading("archive")
    refused = server.user().post("/api/area-configs", SMALL_AREA)
    assert (refused.status, refused.json["message"]) == (503, "the archive's new files are being read")


@pytest.mark.parametrize(("default", "usual"), [("none", "archive"), ("sample", "sample"), ("archive", "archive")])
def test_the_usual_provider_is_told(server_with, default, usual):
    server = server_with(archive="pictures", default_provider=default)
    server.providers["archive"] = AnArchive("archive")
    listed = server.user().get("/api/providers").json
    assert [each["name"] for each in listed if each["isDefault"]] == [usual]

"""What a tile server or a WMS answers in trouble: a typed error in words, and never an image."""

import logging
import traceback

import pytest

from chalicelib.domain.errors import BadImage, ImageryFailed, ProviderRefused, ProviderUnavailable, Throttled
from tests.support.builders.map_services import AREA, VIEW, wms, xyz
from tests.support.builders.scenes import newest
from tests.support.standins.google import (
    a_redirect,
    a_reset,
    a_slow_drip,
    an_error,
    busy,
    content,
    half_a_file,
    silence,
)
from tests.support.standins.map_services import MapService, TileServer, an_exception, flat, png, view_ground

OTHER_SIZE = png(view_ground(VIEW)[:640, :640])


class Case:
    """One of the two providers on its server."""

    def __init__(self, server, make, called):
        self.server, self.make, self.called = server, make, called

    def fetch(self, **given):
        imagery = self.make(self.server, **given)
        return imagery.fetch(newest(imagery, VIEW, AREA), VIEW, AREA)

    def failure(self, **given) -> ImageryFailed:
        with pytest.raises(ImageryFailed) as raised:
            self.fetch(**given)
        return raised.value


@pytest.fixture(params=["xyz", "wms"])
def case(request):
    server = TileServer() if request.param == "xyz" else MapService()
    make, called = (xyz, "the tile server") if request.param == "xyz" else (wms, "the map service")
    with server:
        yield Case(server, make, called)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (an_error(400, "no such thing"), ProviderRefused, "refuses the request (400): no such thing"),
        (an_error(401), ProviderUnavailable, "does not let us read it just now (401)"),
        (an_error(403), ProviderUnavailable, "does not let us read it just now (403)"),
        (content("text/html; charset=utf-8", b"<p>Sign in"), BadImage, "answers text/html instead of a picture"),
        (content("application/json", b"{}"), BadImage, "answers application/json instead of a picture"),
        (content("text/plain", b"over  quota"), BadImage, "answers text/plain instead of a picture: over quota"),
        (content("image/png", b"<html>"), BadImage, "sends not an image"),
        (content("image/png", OTHER_SIZE), BadImage, "sends a picture of 640 x 640 px, "),
        (content("image/gif", b"GIF89a" + bytes(40)), BadImage, "sends a GIF, which is not read"),
        (content("image/png", flat(1280)[:-9]), BadImage, "sends half a PNG"),
        (a_redirect, ProviderUnavailable, "answers with a redirect (302), which is not followed"),
    ],
)
def test_an_answer_that_will_not_change_is_told_at_once(case, answer, kind, reason):
    case.server.script(answer)
    error = case.failure()
    assert type(error) is kind
    assert error.reason.startswith(f"{case.called} {reason}")
    assert not [path for path, _ in case.server.requests if "elsewhere" in path]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (an_error(500, "x"), "is busy or in trouble (500)"),
        (an_error(503, "x"), "is busy or in trouble (503)"),
        (busy("1"), "is busy or in trouble (429)"),
        (a_reset, "cannot be reached (ConnectionError)"),
        (silence, "does not answer in time"),
        (half_a_file, "'s picture broke off after "),
        (content("image/png", b"x" * (8 * 1024 * 1024 + 1)), "'s picture is longer than 8388608 bytes"),
    ],
)
def test_trouble_that_may_pass_is_tried_again_and_given_up(case, answer, reason):
    case.server.script(answer)
    assert case.fetch().content.startswith(b"\x89PNG")

    case.server.script(*[answer] * 200)
    error = case.failure()
    assert type(error) is (Throttled if "429" in reason or "503" in reason else ProviderUnavailable)
    assert error.reason.startswith(case.called + (reason if reason.startswith("'") else f" {reason}"))
    assert error.reason.endswith("given up after 3 tries")


def test_a_body_that_drips_ends_with_the_budget(case):
    case.server.script(*[a_slow_drip] * 10)
    error = case.failure(changes={"budget_s": 5.0})
    assert isinstance(error, ProviderUnavailable)
    assert f"{case.called}'s picture comes too slowly: " in error.reason


def test_it_is_left_alone_for_as_long_as_it_asks(case):
    case.server.script(busy("2"))
    naps = []
    case.fetch(naps=naps)
    assert naps == [2]
    case.server.script(*[busy("3600")] * 200)
    error = case.failure()
    assert error.retry_after_s == 3600
    assert "asks to wait 3600 s" in error.reason


def test_nobody_there_is_unavailable(case):
    case.server.__exit__()
    assert "cannot be reached" in case.failure().reason
    case.server.__exit__ = lambda *_: None


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (an_exception("LayerNotDefined", "no layer\n  ortho"), ProviderRefused, "LayerNotDefined: no layer ortho"),
        (an_exception("InvalidDimensionValue", "x", status=400), ProviderRefused, "InvalidDimensionValue: x"),
        (an_exception(None, "<![CDATA[too many at once]]>"), ProviderUnavailable, ": too many at once"),
        (an_exception("NoApplicableCode", ""), ProviderUnavailable, "NoApplicableCode: nothing more"),
        (an_exception("ms:Render&quot;", "a &lt; b"), ProviderUnavailable, ": a < b"),
        (content("application/xml", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), BadImage, ""),
        (content("application/vnd.ogc.se_xml", b"<ServiceException" * 2000), BadImage, ""),
    ],
)
def test_what_a_service_tells_in_xml_is_told_and_is_no_picture(case, answer, kind, reason):
    case.server.script(*[answer] * 4)
    error = case.failure()
    assert type(error) is kind
    assert reason in error.reason
    assert error.reason.startswith(f"{case.called} {'says' if kind is not BadImage else 'answers application/'}")


def test_no_error_and_no_log_line_holds_what_stands_in_the_address(case, caplog):
    url = case.server.template if case.make is xyz else case.server.url
    said = f"http://h/wms?key=hush-hush is wrong, and so is hush-hush; key=hush-hush{'.' * 400}"
    for answer in (
        an_error(400, said),
        content("text/plain", said.encode()),
        an_exception("LayerNotDefined", said),
        a_reset,
        half_a_file,
        a_redirect,
    ):
        case.server.answers.clear()
        case.server.script(*[answer] * 200)
        with caplog.at_level(logging.DEBUG):
            error = case.failure(url=f"{url}?key=hush-hush")
        told = "".join(traceback.format_exception(error)) + repr(error.__context__) + error.reason
        assert "hush-hush" not in told + caplog.text + str([vars(record) for record in caplog.records])
        assert len(error.reason) < 300

import logging
import traceback
from urllib.parse import urlencode

import pytest

from chalicelib.domain.errors import (
    BadImage,
    ProviderRefused,
    ProviderUnavailable,
    Throttled,
)
from tests.support.builders.google_provider import failure, fetch, provider
from tests.support.standins.google import (
    KEY,
    GoogleStandIn,
    a_redirect,
    a_reset,
    a_slow_drip,
    a_warning,
    an_error,
    busy,
    content,
    half_a_file,
    half_a_header,
    rendered,
    silence,
)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (an_error(403), ProviderRefused, "Google refuses the request (403): The provided API key is invalid."),
        (an_error(401), ProviderRefused, "Google refuses the request (401)"),
        (an_error(400, "Error: Missing 'size'"), ProviderRefused, "Google refuses the request (400): Error: Missing"),
        (an_error(404, "x"), ProviderRefused, "Google refuses the request (404): x"),
        (a_warning("over quota"), ProviderUnavailable, "Google's picture carries a warning: over quota"),
        (a_warning(""), ProviderUnavailable, "Google's picture carries a warning: without words"),
        (content("text/html", b"<p>Sign in"), BadImage, "Google answers text/html instead of a picture"),
        (content("text/plain", b"Over quota."), BadImage, "Google answers text/plain instead of a picture: Over quota"),
        (content("application/json", b"{}"), BadImage, "Google answers application/json instead of a picture"),
        (content("image/png", b"<html>"), BadImage, "Google's picture is no PNG, JPEG or WebP"),
        (content("image/png", b""), BadImage, "Google's picture is no PNG, JPEG or WebP"),
        (content("image/png", rendered("1,1", "18", "320x320", "1")), BadImage, "Google's picture has 320 x 320 px"),
        (content("image/png", rendered("1,1", "18", "640x640", "2")[:-9]), BadImage, "Google's picture is cut off"),
        (a_redirect, ProviderUnavailable, "Google answers with a redirect (302)"),
    ],
)
def test_an_answer_that_will_not_change_is_told_at_once(google, answer, kind, reason):
    google.script(answer)
    error = failure(provider(google))
    assert type(error) is kind
    assert error.reason.startswith(reason)
    assert len(google.requests) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (an_error(500, "x"), "Google is busy or in trouble (500)"),
        (an_error(503, "x"), "Google is busy or in trouble (503)"),
        (busy("1"), "Google is busy or in trouble (429)"),
        (a_reset, "Google cannot be reached (ConnectionError)"),
        (silence, "Google does not answer in time"),
        (half_a_file, "Google's picture broke off after "),
        (content("image/png", b"x" * (8 * 1024 * 1024 + 1)), "Google's picture is longer than 8388608 bytes"),
    ],
)
def test_trouble_that_may_pass_is_tried_three_times(google, answer, reason):
    google.script(answer)
    assert fetch(provider(google)).content.startswith(b"\x89PNG")
    assert len(google.requests) == 2

    google.script(answer, answer, answer)
    error = failure(provider(google))
    assert type(error) is (Throttled if "429" in reason or "503" in reason else ProviderUnavailable)
    assert error.reason.startswith(reason)
    assert error.reason.endswith("given up after 3 tries")
    assert len(google.requests) == 5


def test_a_body_that_drips_ends_with_the_budget(google):
    google.script(a_slow_drip)
    error = failure(provider(google, budget_s=0.5, sleep=lambda _: None))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason.startswith("Google's picture comes too slowly: ")
    assert len(google.requests) == 1


def test_nobody_there_is_unavailable():
    with GoogleStandIn() as gone:
        pass
    assert "cannot be reached" in failure(provider(gone)).reason


@pytest.mark.parametrize(("asked", "wait_s"), [("2", 2), ("0", 0), ("Sun, 22 Nov 2026 13:00:07 GMT", 7)])
def test_google_is_left_alone_for_as_long_as_it_asks(google, asked, wait_s):
    google.script(busy(asked))
    naps = []
    fetch(provider(google, naps=naps))
    assert naps == [wait_s]


def test_a_date_that_has_passed_asks_for_no_wait(google):
    google.script(busy("Sun, 22 Nov 2026 12:59:00 GMT"))
    naps = []
    fetch(provider(google, naps=naps))
    assert naps == [0]


def test_a_wait_beyond_the_budget_is_not_waited_for(google):
    google.script(busy("3600"))
    naps = []
    error = failure(provider(google, naps=naps))
    assert error.reason == "Google is busy or in trouble (429) and asks to wait 3600 s: given up after 1 of 3 tries"
    assert type(error) is Throttled
    assert (naps, len(google.requests)) == ([], 1)


@pytest.mark.parametrize("asked", ["soon", "-5", "1e9999", "٣", "Thu, 99 Foo 2026 13:00:07 GMT"])
def test_a_wait_nobody_understands_is_left_to_chance(google, asked):
    google.script(busy(asked.encode().decode("latin-1")), an_error(500, ""))
    naps = []
    fetch(provider(google, naps=naps))
    assert 0 <= naps[0] <= 1
    assert 0 <= naps[1] <= 2


def everything_about(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error.__context__) + repr(error.__cause__)


@pytest.mark.parametrize(
    "answer",
    [
        an_error(403, f"The key {KEY} is not valid, see ?key={KEY}&signature=abc"),
        an_error(500, f"key={KEY}"),
        a_warning(f"the request {urlencode({'key': KEY})} is over quota"),
        content("text/plain", f"{KEY} is over quota".encode()),
        a_reset,
        silence,
        half_a_file,
        half_a_header,
        a_redirect,
    ],
)
def test_no_error_and_no_log_line_holds_a_key_or_a_signature(google, caplog, answer):
    google.script(answer, answer, answer)
    with caplog.at_level(logging.DEBUG):
        error = failure(provider(google))
    signed = google.requests[0][1]["signature"]
    told = everything_about(error) + caplog.text + str([vars(record) for record in caplog.records])
    assert KEY not in told
    assert signed not in told
    assert signed.rstrip("=") not in told


def test_a_redirect_is_not_followed(google):
    google.script(a_redirect)
    failure(provider(google))
    assert [path for path, _ in google.requests if "elsewhere" in path] == []

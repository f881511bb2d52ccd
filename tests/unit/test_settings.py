import io
import json
import logging

import pytest

from chalicelib import logs
from chalicelib.settings import BadSetting, read


def test_with_nothing_set_everything_is_local():
    knobs = read({})
    assert (knobs.images_store, knobs.queues_service, knobs.push_service) == ("folder", "outbox", "log")


def test_numbers_are_numbers():
    knobs = read({"BHUPRAHARI_LEASE_S": "7.5", "BHUPRAHARI_MAX_TILES": "9", "COMPARE_WAIT_S": "3"})
    assert (knobs.lease_s, knobs.max_tiles, knobs.compare_wait_s) == (7.5, 9, 3.0)


def test_lists_are_split():
    knobs = read({"ALLOWED_ORIGINS": "https://a.org, https://b.org,", "FCM_DEFAULT_TARGETS": "/topics/x"})
    assert knobs.origins == ("https://a.org", "https://b.org")
    assert knobs.default_targets == ("/topics/x",)


def test_secrets_are_kept_apart_and_never_shown():
    knobs = read({"BHUPRAHARI_SECRET_LINK_KEY": "hush"})
    assert knobs.extra == {"link-key": "hush"}
    assert "hush" not in repr(knobs)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"BHUPRAHARI_HOEM": "x"}, "there is no setting BHUPRAHARI_HOEM"),
        ({"BHUPRAHARI_LEASE_S": "soon"}, "BHUPRAHARI_LEASE_S must be a number, not 'soon'"),
        ({"BHUPRAHARI_IMAGES_STORE": "ftp"}, "must be folder or s3, not 'ftp'"),
        ({"BHUPRAHARI_IMAGES_STORE": "s3"}, "BHUPRAHARI_BUCKET must name the bucket"),
        ({"BHUPRAHARI_LEASE_S": "nan"}, "BHUPRAHARI_LEASE_S must be a number from 0 up, not nan"),
        ({"BHUPRAHARI_LEASE_S": "-5"}, "must be a number from 0 up, not -5"),
        ({"BHUPRAHARI_CADENCE_HOURS": "0"}, "BHUPRAHARI_CADENCE_HOURS must be more than 0"),
        ({"BHUPRAHARI_MIN_CLEAR_SHARE": "5"}, "must be 0 to 1, not 5"),
        ({"BHUPRAHARI_DEFAULT_PROVIDER": "nope"}, "must be sample or archive or google_static, not 'nope'"),
        ({"REGISTRATION": "maybe"}, "must be open or closed, not 'maybe'"),
    ],
)
def test_a_setting_that_cannot_be_used_says_which(environment, says):
    with pytest.raises(BadSetting, match=says):
        read(environment)


def test_a_log_line_is_one_json_object_with_what_is_bound():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    log = logging.getLogger("tests.logs")
    log.handlers, log.propagate = [handler], False
    with logs.bound(session_id=3), logs.bound(tile="17/1/2"):
        log.warning("tile compared\nand more", extra={"verdict": "CHANGED"})
    try:
        raise ValueError("\u0915")
    except ValueError:
        log.exception("it broke")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["message"], first["session_id"], first["tile"]) == ("tile compared\nand more", 3, "17/1/2")
    assert (first["verdict"], first["level"]) == ("CHANGED", "WARNING")
    assert "ValueError" in second["exception"]
    assert "session_id" not in second

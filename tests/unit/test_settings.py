import io
import json
import logging

import pytest
from pydantic import ValidationError

from chalicelib import logs
from chalicelib.settings import BadSetting, Settings, read


def test_with_nothing_set_everything_is_local():
    found = read({})
    assert (found.images.images_store, found.queues.queues_service, found.pushes.push_service) == (
        "folder",
        "outbox",
        "log",
    )


def test_numbers_are_numbers():
    found = read({"BHUPRAHARI_LEASE_S": "7.5", "BHUPRAHARI_MAX_TILES": "9", "COMPARE_WAIT_S": "3"})
    assert (found.queues.lease_s, found.limits.max_tiles, found.limits.compare_wait_s) == (7.5, 9, 3.0)


def test_lists_are_split():
    found = read({"ALLOWED_ORIGINS": "https://a.org, https://b.org,", "FCM_DEFAULT_TARGETS": "/topics/x"})
    assert found.accounts.origins == ("https://a.org", "https://b.org")
    assert found.pushes.default_targets == ("/topics/x",)


def test_periods_are_read():
    found = read({"BHUPRAHARI_BLIND_DAYS": "7", "BHUPRAHARI_MONSOON_MONTHS": " 11, 12 "}).pushes.periods
    assert (found.blind.days, found.blind_in_monsoon.days, found.failing.days) == (7, 30, 2)
    assert found.monsoon_months == {11, 12}
    assert read({"BHUPRAHARI_MONSOON_MONTHS": ""}).pushes.periods.monsoon_months == frozenset()


def test_secrets_are_kept_apart_and_never_shown():
    found = read({"BHUPRAHARI_SECRET_LINK_KEY": "hush"})
    assert found.extra == {"link-key": "hush"}
    assert "hush" not in repr(found)


def test_settings_stay_as_they_were_read():
    with pytest.raises(ValidationError, match="frozen"):
        read({}).queues.lease_s = 1


def test_settings_are_given_by_their_names_without_their_groups():
    assert Settings.of(lease_s=200, worker="here") == read({"BHUPRAHARI_LEASE_S": "200", "BHUPRAHARI_WORKER": "here"})
    with pytest.raises(BadSetting, match="there is no setting BHUPRAHARI_HOEM"):
        Settings.of(hoem="x")


def test_a_password_in_the_databases_url_is_never_shown():
    found = read({"BHUPRAHARI_DATABASE_URL": "mysql+pymysql://u:hush@h/n"})
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"BHUPRAHARI_HOEM": "x"}, "there is no setting BHUPRAHARI_HOEM"),
        ({"BHUPRAHARI_MONSOON_MONTHS": "6-9"}, "BHUPRAHARI_MONSOON_MONTHS must be months from 1 to 12 with commas"),
        ({"BHUPRAHARI_MONSOON_MONTHS": "0,13"}, "BHUPRAHARI_MONSOON_MONTHS must be months from 1 to 12 with commas"),
        ({"BHUPRAHARI_LEASE_S": "soon"}, "BHUPRAHARI_LEASE_S must be a number, not 'soon'"),
        ({"BHUPRAHARI_IMAGES_STORE": "ftp"}, "must be folder or s3, not 'ftp'"),
        ({"BHUPRAHARI_IMAGES_STORE": "s3"}, "BHUPRAHARI_BUCKET must name the bucket"),
        ({"BHUPRAHARI_LEASE_S": "nan"}, "BHUPRAHARI_LEASE_S must be a number of more than 0, not nan"),
        ({"BHUPRAHARI_LEASE_S": "-5"}, "must be a number of more than 0, not -5"),
        ({"BHUPRAHARI_CADENCE_HOURS": "-1"}, "BHUPRAHARI_CADENCE_HOURS must be a number from 0 up, not -1"),
        ({"BHUPRAHARI_MIN_CLEAR_SHARE": "5"}, "must be 0 to 1, not 5"),
        (
            {"BHUPRAHARI_DEFAULT_PROVIDER": "nope"},
            "must be none or sample or archive or sentinel2 or xyz or wms or google_static, not 'nope'",
        ),
        ({"REGISTRATION": "maybe"}, "^REGISTRATION must be open or closed, not 'maybe'"),
        ({"COMPARE_WAIT_S": "long"}, "^COMPARE_WAIT_S must be a number, not 'long'"),
        ({"BHUPRAHARI_SECRETS": "x"}, "there is no setting BHUPRAHARI_SECRETS"),  # a group is no setting
        ({"BHUPRAHARI_EXTRA": "x"}, "there is no setting BHUPRAHARI_EXTRA"),
        ({"BHUPRAHARI_MAX_TILES": "7.5"}, "BHUPRAHARI_MAX_TILES must be a number, not '7.5'"),
        ({"BHUPRAHARI_MIN_CLEAR_SHARE": "nan"}, "must be 0 to 1, not nan"),
        ({"BHUPRAHARI_JOB_MEMORY_MIB": "255"}, "JOB_MEMORY_MIB must be 0 .no limit. or at least 256, not 255"),
        ({"BHUPRAHARI_WORKER": "there"}, "must be here or elsewhere, not 'there'"),
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

"""Who the functions are at the database; the making of that user is tested by the deploy test, on a server."""

import json

import pytest

from chalicelib.adapters.database.schema.mysql_grants import ensure_user
from chalicelib.domain.errors import Invalid, Unavailable

MASTER = json.dumps({"username": "m", "password": "p"})


@pytest.mark.parametrize("url", ["mysql+pymysql://a'b:p@h/d", "mysql+pymysql://a:p@h/d`e", "mysql+pymysql://h/d"])
def test_a_name_that_would_need_quoting_is_refused(url):
    with pytest.raises(Invalid, match="letters and digits"):
        ensure_user(url, MASTER)


def test_a_server_that_is_away_is_said_to_be():
    with pytest.raises(Unavailable, match="cannot make the functions' user"):
        ensure_user("mysql+pymysql://a:p@127.0.0.1:9/d", MASTER)

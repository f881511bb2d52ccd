"""The drill: a stage's database comes back from a snapshot, with what its bucket has become meanwhile.

The snapshot is of a MariaDB that runs, its files at one moment; the bucket is S3's stand-in, with versions. What only
RDS does (a new master, another endpoint) is done here as RDS does it.
"""

import json
import os
import secrets as random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from chalicelib.adapters.database.audit import SqlAudit
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.invariants import SqlInvariants
from chalicelib.adapters.database.schema.migrate import head
from chalicelib.adapters.database.schema.mysql_grants import migrate_as_master
from chalicelib.adapters.images.s3 import S3Images
from chalicelib.application.verify import Verifier
from infra.aws import secrets
from tests.support.builders.domain import a_change
from tests.support.databases.copies import GIVEN, REQUIRED
from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server
from tests.support.trip import Trip

KEPT_AS_RDS_DOES = "--innodb-flush-log-at-trx-commit=1"


@pytest.fixture
def rds():
    """Give a way to start a server with a master of its own, from a snapshot or new; also its master's secret."""
    program, started = find_server(), []
    if os.environ.get(GIVEN) or not program:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(HOW_TO_GET_ONE)
        pytest.skip(HOW_TO_GET_ONE)

    def make(data=None):
        password = random.token_hex(8)
        user = f"CREATE USER IF NOT EXISTS 'master'@'%';\nALTER USER 'master'@'%' IDENTIFIED BY '{password}';\n"
        sql = f"{user}GRANT ALL ON *.* TO 'master'@'%' WITH GRANT OPTION;\n"
        started.append(start_server(program, KEPT_AS_RDS_DOES, sql=sql, data=data))
        return started[-1], json.dumps({"username": "master", "password": password})

    yield make
    for each in started:
        each.stop()


@pytest.fixture
def bucket(account):
    """Give a bucket that keeps versions, as the template's does."""
    client = account.client("s3")
    client.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": account.region})
    client.put_bucket_versioning(Bucket="images", VersioningConfiguration={"Status": "Enabled"})
    return client


def filled_url(account, server, stage):
    """Let `make infra` write a new stage's secrets; give the database's URL, without TLS, which is no part of this."""
    names = ("DatabaseUrlSecret", "TokenKeysSecret", "LinkKeySecret", "FirebaseSecret")
    outputs = {name: f"bhuprahari/{stage}/{name}" for name in names}
    outputs |= {"DatabaseEndpoint": f"127.0.0.1:{server.port}", "DatabaseName": "stage"}
    secrets.fill(account, outputs, firebase=None)
    return make_url(secrets.read(account.client("secretsmanager"), outputs["DatabaseUrlSecret"])).set(query={})


def engine_of(url):
    return make_engine(url.render_as_string(hide_password=False))


def migrated(url, master):
    return migrate_as_master(url.render_as_string(hide_password=False), master)


def trip_on(engine, bucket):
    trip = Trip(engine)
    trip.images = S3Images(bucket, bucket="images")
    trip.now = datetime.now(UTC).replace(microsecond=0)  # the stand-in of S3 has no other clock
    return trip


def broken_in(trip):
    """Give what `verify` finds, all parts of it."""
    verifier = Verifier(invariants=SqlInvariants(trip.engine), images=trip.images, audit=SqlAudit(trip.engine))
    cursor, found = "", []
    while cursor is not None:
        broken, cursor = verifier.part(cursor, now=trip.now)
        found += broken
    return found


def keys(bucket):
    return {each["Key"] for each in bucket.list_objects_v2(Bucket="images").get("Contents", [])}


def bring_back(bucket, gone):
    """Take away the marks of deletion, as an operator does."""
    for mark in bucket.list_object_versions(Bucket="images")["DeleteMarkers"]:
        if mark["Key"] in gone:
            bucket.delete_object(Bucket="images", Key=mark["Key"], VersionId=mark["VersionId"])


def test_a_stage_goes_back_to_a_snapshot(rds, account, bucket, tmp_path):
    server, master = rds()
    server.make("stage")
    url = filled_url(account, server, "prod")
    assert migrated(url, master) == head()
    trip = trip_on(engine_of(url), bucket)
    kept, doomed = trip.add_area(tiles=2), trip.add_area(tiles=4, name="Doomed")  # two tiles of its own
    for area in (kept, doomed):
        trip.run_session(area, f"march-{area.area_id}", days=-1)
    session = trip.run_session(kept, "april", days=30, change=a_change(m2=5000))
    told = trip.alerts_of(session)
    assert told
    assert broken_in(trip) == []
    then = keys(bucket)
    server.snapshot(tmp_path / "snapshot")

    # Life goes on: an image more, an area less.
    trip.run_session(kept, "may", days=60)
    trip.delete(doomed)
    trip.wait(minutes=5)
    trip.reconcile()
    lost, later = then - keys(bucket), keys(bucket) - then
    assert lost
    assert later
    trip.engine.dispose()

    restored, new_master = rds(tmp_path / "snapshot")
    new_url = filled_url(account, restored, "drill")
    assert (new_url.username, new_url.port) == (url.username, restored.port)
    assert new_url.password != url.password
    with pytest.raises(DBAPIError, match="denied"):
        engine_of(new_url).connect()
    assert migrated(new_url, new_master) == head()
    with pytest.raises(DBAPIError, match="denied"):
        engine_of(new_url.set(password=url.password)).connect()
    back = trip_on(engine_of(new_url), bucket)
    with pytest.raises(DBAPIError, match="denied"), back.engine.begin() as connection:
        connection.execute(text("DROP TABLE users"))

    # All that was there is there, and `verify` names the images that were deleted since, and nothing else.
    back.user = trip.user
    assert back.alerts_of(session) == told
    found = broken_in(back)
    assert {each.rule for each in found} == {"what a row names is stored"}
    assert {key for key in then if any(key in each.says for each in found)} == lost
    bring_back(bucket, lost)
    assert broken_in(back) == []

    # What came after the snapshot belongs to no row, and goes; the stage goes on.
    session = back.run_session(kept, "june", days=90, change=a_change(m2=5000))
    assert session.tiles_planned == 2
    back.now += timedelta(days=2)
    back.reconcile()
    assert not later & keys(bucket)
    assert then <= keys(bucket)
    assert broken_in(back) == []
    back.engine.dispose()

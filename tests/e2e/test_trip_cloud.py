"""The trip with the cloud's adapters in place of the local ones: S3, SQS, FCM, and every message through SQS."""

import json
import re
import threading
import time

import pytest
import requests
from chalice.config import Config
from sqlalchemy import func, select

from chalicelib.composition import process_ports
from chalicelib.domain.jobs import Queue
from infra.local.server import make_server
from infra.runtime.invoke import InProcess
from infra.runtime.lambda_events import tick_event
from infra.runtime.worker import Worker
from tests.support.builders import layer_files
from tests.support.processes import forget
from tests.support.running.client import Client
from tests.support.running.pairs import real_pairs, rendered_pairs
from tests.support.running.patchwork import patchwork
from tests.support.standins.aws import REGION, AwsStandIn
from tests.support.standins.fcm import FcmStandIn
from tests.support.standins.sqs_queue_source import NOT_TRIED, SqsQueueSource

PREFIX = "bhuprahari-"  # the queues' names are read when `app` is imported, so they are the default ones
MAX_RECEIVES = 5  # as many as the tries of a tile: a letter that nobody can explain is begun anew before
DEVICE, OPERATOR, TOPIC = "phone-of-the-owner", "phone-of-the-operator", "bhuprahari"


@pytest.fixture
def fcm():
    with FcmStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def aws():
    stand_in = AwsStandIn().start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def queues(aws):
    made = aws.make_queues(prefix=PREFIX, max_receives=MAX_RECEIVES, visibility_s=60)
    uploads = aws.client("sqs").create_queue(QueueName=f"{PREFIX}uploads")["QueueUrl"]
    yield made
    for url in (uploads, *made.urls.values(), *made.dead_letter_urls.values()):
        aws.client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


@pytest.fixture
def stand_ins(aws, queues, fcm, archive):
    """Give the settings that point everything at the stand-ins."""
    return {
        "BHUPRAHARI_IMAGES_STORE": "s3",
        "BHUPRAHARI_BUCKET": aws.make_bucket(),
        "BHUPRAHARI_QUEUES_SERVICE": "sqs",
        "BHUPRAHARI_AWS_ENDPOINT_URL": aws.endpoint_url,
        "BHUPRAHARI_PUSH_SERVICE": "fcm",
        "BHUPRAHARI_SECRET_FIREBASE_SERVICE_ACCOUNT": fcm.secret,
        "FCM_DEFAULT_TARGETS": f"{OPERATOR},/topics/{TOPIC}",
        "BHUPRAHARI_ARCHIVE": archive,
        "BHUPRAHARI_DEFAULT_PROVIDER": "archive",
        "AWS_ACCESS_KEY_ID": "stand-in",
        "AWS_SECRET_ACCESS_KEY": "stand-in",
        "AWS_DEFAULT_REGION": REGION,
    }


@pytest.fixture
def cloud(monkeypatch, tmp_path, database_url, aws, fcm, stand_ins):
    """The app in this process, wired to the stand-ins, behind a server and with a worker of two threads."""
    set_here = stand_ins | {"BHUPRAHARI_HOME": tmp_path / "home", "BHUPRAHARI_DATABASE_URL": database_url}
    for name, value in set_here.items():
        monkeypatch.setenv(name, str(value))
    forget()
    running = Cloud(aws, fcm)
    yield running
    running.stop()
    process_ports().engine.dispose()
    monkeypatch.undo()
    forget()


class Cloud:
    """What AWS would run: the API, and the functions behind their queues."""

    def __init__(self, aws, fcm):
        from app import make_app

        ports = process_ports()
        app = make_app(ports)
        self.app, self._kind, self.aws, self.fcm = app, app.__class__, aws, fcm
        self._serving = make_server(app, Config("local", config_from_disk={}), "127.0.0.1", 0)
        threading.Thread(target=self._serving.server.serve_forever, daemon=True).start()
        self.source = SqsQueueSource(aws.own_client("sqs"))
        self.invoke = InProcess(app)
        time_of = {"clock": ports.clock, "monotonic": ports.monotonic}
        self._worker = Worker(app, self.source, invoker=lambda: self.invoke, wakeup=ports.wakeup, threads=2, **time_of)
        self._worker.start()
        self.url = f"http://127.0.0.1:{self._serving.server.server_port}"

    def stop(self):
        self._worker.stop(within_s=10)
        self._serving.shutdown()
        self._serving.server.server_close()
        self.app.__class__ = self._kind

    def reconcile(self):
        """Let the minute of `reconcile` come round once more."""
        self.invoke("reconcile", tick_event("reconcile", process_ports().clock()))

    def settle(self, within_s=60):
        """Wait until every queue is empty and nobody holds a message."""
        end = time.monotonic() + within_s
        while self.source.held or any(self.source.waiting(PREFIX + queue) for queue in Queue):
            assert time.monotonic() < end, f"messages are left; failures: {self.source.failures}"
            time.sleep(0.2)

    @property
    def outbox_rows(self):
        from chalicelib.adapters.database.tables import outbox

        with process_ports().engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(outbox)).scalar_one()

    @property
    def objects(self):
        answer = self.aws.client("s3").list_objects_v2(Bucket=process_ports().settings.images.bucket)
        return sorted(item["Key"] for item in answer.get("Contents", []))


def tap(cloud, client, area):
    """Tap the one button; give the session once it has ended and its messages are done."""
    session = client.supervise_now(area)
    cloud.settle()
    return client.call("GET", f"alerts/sessions/{session['id']}/details")


def look_at_links(cloud, client, alert):
    """Follow the alert's links as the client does: a redirect each, to a picture in the bucket."""
    pictures = []
    for name in ("previousImagePath", "currentImagePath", "overlayImagePath"):
        address = client.image_url(alert[name])
        hop = requests.get(address, headers={"Accept": None}, allow_redirects=False, timeout=10)
        assert hop.status_code == 302
        assert hop.headers["Location"].startswith(cloud.aws.endpoint_url)
        assert "X-Amz-Signature=" in hop.headers["Location"]
        followed = client.load(alert[name])
        assert followed.status_code == 200
        assert followed.content.startswith(b"\x89PNG")
        pictures.append(followed.content)
        for wrong in (address[:-1] + ("0" if address[-1] != "0" else "1"), address.partition("?")[0]):
            assert requests.get(wrong, allow_redirects=False, timeout=10).status_code == 403
    assert len(set(pictures)) == 3


def look_at_pushes(messages, session):
    """One push to each target, as the contract's client reads it."""
    assert sorted(message.get("token") or message["topic"] for message in messages) == sorted([DEVICE, OPERATOR, TOPIC])
    for message in messages:
        assert message["data"] == {
            "area_config_id": str(session["areaConfigId"]),
            "alert_session_id": str(session["id"]),
            "changes_count": str(session["totalChangesDetected"]),
            "severity": session["severity"],
            "kinds": ", ".join(session["kinds"]),
        }
        assert message["notification"]["title"]
        assert message["notification"]["body"]
        assert message["android"]["notification"]["channel_id"] == "bhuprahari_channel_id"
        assert message["android"]["priority"] == "high"


def import_parcels(cloud, client):
    """Import a file of parcels: its bytes go into the bucket by a signed link, its two jobs through their queue."""
    content = layer_files.field(3)
    made = client.call("POST", "layers/imports", {"fileName": "plots.geojson", "bytes": len(content)}, status=201)
    upload, path = made["upload"], f"layers/imports/{made['id']}"
    assert upload["url"].startswith(cloud.aws.endpoint_url)
    requests.put(upload["url"], data=content, headers=upload["headers"], timeout=10).raise_for_status()
    for step, state in (("read", "READY"), ("keep", "KEPT")):
        client.call("POST", f"{path}/{step}", {}, status=202)
        cloud.settle()
        assert client.call("GET", path)["state"] == state


def everything(client, areas):
    """Give all that a client can see, without what a link's hour changes."""
    tiles = {area: client.call("GET", f"monitor/image-tiles/area/{area}") for area in areas}
    seen = [client.call("GET", path) for path in ("alerts/sessions", "pushes", "layers")] + [tiles]
    return re.sub(r"\?expires=\d+&signature=\w+", "", json.dumps(seen, sort_keys=True))


def test_the_trip_through_the_cloud(cloud, archive, tmp_path, capsys):
    pairs = real_pairs(2, seed=1)
    if not pairs:
        with capsys.disabled():
            print("\nTHE REAL PAIRS ARE NOT HERE (../shared/change-pairs): a small rendered archive takes their place")
        pairs = rendered_pairs(tmp_path, 2)
    client = Client(cloud.url)
    client.call("POST", "devices/", {"token": DEVICE, "platform": "android"}, status=201)
    areas = []
    for pair in pairs:
        pair.put(archive, "before")
        areas.append(client.add_area(**pair.area)["id"])
        assert tap(cloud, client, areas[-1])["countsByVerdict"].keys() == {"BASELINE"}
    assert cloud.fcm.messages == []

    for pair, area in zip(pairs, areas, strict=True):
        pair.put(archive, "after")
        cloud.fcm.messages.clear()
        session = tap(cloud, client, area)
        assert session["status"] == "COMPLETED_CHANGES_DETECTED"
        assert session["notificationSent"] is True
        for alert in session["alert_details"]:
            look_at_links(cloud, client, alert)
        look_at_pushes(cloud.fcm.messages, session)

    cloud.fcm.messages.clear()
    for area in areas:
        assert tap(cloud, client, area)["countsByVerdict"].keys() == {"NO_NEW_IMAGERY"}
    import_parcels(cloud, client)
    seen, stored = everything(client, areas), cloud.objects
    assert cloud.source.send_again() > 2 * len(pairs)
    cloud.settle()
    cloud.reconcile()
    assert everything(client, areas) == seen, "a message delivered twice changes nothing"
    assert cloud.objects == stored
    assert cloud.fcm.messages == []
    assert cloud.outbox_rows == 0, "every message went through SQS"
    assert {queue for queue, _ in cloud.source.delivered} == {PREFIX + queue for queue in Queue}
    assert not cloud.source.failures
    assert not (tmp_path / "home" / "images").exists()


class DefectiveImages:
    """The bucket, behind an adapter with a defect: what is stored raises what nobody expects."""

    def __init__(self, images):
        self.has = images.has

    def put(self, key, content):
        raise RuntimeError("a defect of ours")


def test_poison_is_buried_and_its_session_still_ends(cloud, queues, archive, tmp_path):
    land = patchwork(tmp_path, side_m=120)
    land.put(archive, "before")
    client = Client(cloud.url)
    area = client.add_area(**land.area)["id"]
    assert tap(cloud, client, area)["countsByVerdict"].keys() == {"BASELINE"}

    land.put(archive, "after")
    sqs = cloud.aws.client("sqs")
    process_ports().images = DefectiveImages(process_ports().images)
    cloud.source.visibility_s = 1  # each failure is quick
    sqs.send_message(QueueUrl=queues.urls[Queue.CAPTURES], MessageBody="no job of ours")
    begun = client.call("POST", f"monitor/capture/{area}")["session"]
    cloud.settle()
    dead = cloud.source.waiting(f"{PREFIX}captures-dead")
    assert dead == begun["tilesPlanned"] + 1
    assert cloud.source.failures.total() == MAX_RECEIVES * dead
    assert NOT_TRIED not in cloud.source.failures, "each delivery is a try of its own"
    assert client.call("GET", f"alerts/sessions/{begun['id']}")["status"] == "IN_PROGRESS"

    cloud.reconcile()
    session = client.call("GET", f"alerts/sessions/{begun['id']}")
    assert session["status"] == "COMPLETED_ERROR"
    assert session["countsByVerdict"] == {"FAILED": begun["tilesPlanned"]}
    assert all("given up after repeated failures" in failure["reason"] for failure in session["failures"])
    assert cloud.source.waiting(f"{PREFIX}captures-dead") == 0
    assert cloud.fcm.messages == []
    assert cloud.outbox_rows == 0

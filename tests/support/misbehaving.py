"""The app with a detector that misbehaves by the latitude it is used at, for the tests of those who must live with it.

A child imports it by its name, `tests.support.misbehaving:app`, as it imports the product's.
"""

import os
import signal
import time
from pathlib import Path

from chalice import Blueprint, Chalice

from chalicelib.api.middleware import middleware
from chalicelib.api.openapi import APIS
from chalicelib.application import compare_tile as use_case
from chalicelib.composition import process_ports
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import TileJob
from chalicelib.functions import capture, migrate, notify, operate, reconcile
from chalicelib.functions.handler import queue_handler
from chalicelib.settings import settings
from chalicelib.vision import gate
from chalicelib.vision.changes import compare as well_behaved
from chalicelib.vision.changes import compare_with_baseline
from chalicelib.vision.gate import inspect as well_inspected


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def hang():
    print("it hangs", flush=True)
    while True:
        time.sleep(60)


def eat_memory():
    eaten = []
    while True:
        eaten.append(bytearray(b"x") * (16 << 20))


def fail():
    raise ValueError("it does not like this land")


KINDS = {10: crash, 11: hang, 12: eat_memory, 13: fail}  # by latitude
PICTURES = {14: crash, 15: hang}  # what looking at a picture does there, as a hostile one would to its decoder
blueprint, commands = Blueprint(__name__), Blueprint(f"{__name__}.commands")


def inspect(content, view, area, terms, bands=None):
    PICTURES.get(round(area.south), lambda: None)()
    return well_inspected(content, view, area, terms, bands)


gate.inspect = inspect  # the product's own handler of captures looks there when it is called


def compare(before, after, *, area, **ground):
    KINDS.get(round(area.south), lambda: None)()
    return well_behaved(before, after, area=area, **ground)


@blueprint.on_sqs_message(queue=settings().queues.comparisons_queue, batch_size=1)
@queue_handler(TileJob.from_json)
def compare_tile(job, ports):
    use_case.compare_tile(
        job,
        runs=ports.tile_runs,
        images=ports.images,
        jobs=ports.jobs,
        compare=compare,
        compare_with_baseline=compare_with_baseline,
        clock=ports.clock,
        jitter=ports.jitter,
        lease_s=ports.settings.queues.lease_s,
    )


@commands.lambda_function()
def misbehave(event, _context):
    """Do what the event says, for the tests of a child alone."""
    match event["do"]:
        case "nothing":
            print("printed by a function")
        case "tell":
            Path(event["path"]).write_text(f"{os.getpid()} {settings().database.database_connections}")
        case "stop":
            os._exit(3)
        case "away":
            raise Unavailable("the database does not answer")
        case kind:
            {"crash": crash, "hang": hang, "eat": eat_memory, "fail": fail}[kind]()


def _made():
    made = Chalice(app_name="misbehaving", configure_logs=False)
    made.register_middleware(middleware(process_ports()), "http")
    for api in APIS:
        made.register_blueprint(api.blueprint(process_ports()))
    for each in (capture.blueprint, blueprint, notify.blueprint, reconcile.blueprint, migrate.blueprint):
        made.register_blueprint(each)
    made.register_blueprint(operate.blueprint)
    made.register_blueprint(commands)
    return made


app = _made()

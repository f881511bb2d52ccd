"""Archives of areas as people have them: asked for over HTTP, written by their job, loaded by their link."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta

from chalicelib.application.export_area import export_area
from chalicelib.application.sweep_exports import sweep_exports
from chalicelib.domain.jobs import ExportJob, Queue


def waiting(server):
    """Take the jobs of exports that wait."""
    taken = [each for each in server.jobs.sent if each.queue is Queue.IMPORTS]
    server.jobs.sent = [each for each in server.jobs.sent if each not in taken]
    return taken


def work(server, job=None, *, most_bytes=2**25, store=None, clock=None):
    """Write the archives that are asked for, or one."""
    for one in [job] if job else [ExportJob.from_json(each.body) for each in waiting(server)]:
        export_area(
            one,
            exports=server.ports.area_exports,
            contents=server.ports.area_contents,
            store=store or server.images,
            archive_of=server.ports.archive_of,
            licence_of=server.ports.licence_of,
            clock=clock or (lambda: server.now),
            limit_s=600,
            most_bytes=most_bytes,
            kept_for=timedelta(days=7),
        )


def ask(person, area, **wanted):
    asked = person.post(path_of(area), wanted)
    assert (asked.status, asked.json["state"], asked.json["url"]) == (202, "WAITING", None), asked.content
    return asked.json


def path_of(area, export=None):
    return f"/api/area-configs/{area['id']}/exports" + (f"/{export['id']}" if export else "")


def shown(person, area, export):
    return person.get(path_of(area, export)).json


def load(server, export):
    """Load an archive by its link alone: whoever has it needs no sign-in."""
    answer = server.call("GET", export["url"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert hashlib.sha256(answer.content).hexdigest() == export["sha256"]
    return zipfile.ZipFile(io.BytesIO(answer.content))


def exported(server, person, area, **wanted):
    export = ask(person, area, **wanted)
    work(server)
    ready = shown(person, area, export)
    assert ready["state"] == "READY", ready
    return load(server, ready)


def told(archive, name):
    return json.loads(archive.read(name))


def images_in(archive):
    rows = csv.DictReader(io.StringIO(archive.read("images.csv").decode(), newline=""))
    return {row["image_id"]: row for row in rows}


def archives(server):
    return [each.key for each in server.images.keys_after("", prefix="exports/")]


def sweep(server):
    sweep_exports(exports=server.ports.area_exports, store=server.images, clock=lambda: server.now)

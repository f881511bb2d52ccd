"""Files on their way to layers, over HTTP, and the job that reads them."""

from sqlalchemy import func, select

from chalicelib.adapters.layers.reading import GdalLayerFiles
from chalicelib.application.import_layer import import_layer
from chalicelib.domain.jobs import ImportJob, Queue


def work(server, *, most_bytes=2**25):
    """Do the jobs of imports that wait."""
    for message in [each for each in server.jobs.sent if each.queue is Queue.IMPORTS]:
        server.jobs.sent.remove(message)
        import_layer(
            ImportJob.from_json(message.body),
            imports=server.ports.layer_imports,
            store=server.images,
            files=GdalLayerFiles(most_rows=65_000),
            clock=lambda: server.now,
            lease_s=60,
            looked_at=("sample", 17),
            most_bytes=most_bytes,
        )


def sent(server, person, content, name="plots.geojson", **more):
    """Send a file; give its import's path."""
    draft = {"fileName": name, "bytes": len(content)} | more
    made = person.post("/api/layers/imports", draft)
    assert made.status == 201, made.content
    upload = made.json["upload"]
    put = server.call(upload["method"], upload["url"], raw=content, token=person.token, headers=upload["headers"])
    assert put.status == 204, put.content
    return f"/api/layers/imports/{made.json['id']}"


def read(server, person, path, **options):
    """Have a file read; give its import."""
    assert person.post(f"{path}/read", options).status == 202
    work(server)
    return person.get(path).json


def keep(server, person, path, **body):
    """Keep what was read; give its import."""
    kept = person.post(f"{path}/keep", body)
    assert (kept.status, kept.json.get("state")) == (202, "KEEPING"), kept.content
    work(server)
    return person.get(path).json


def made_ready(server, person, content, name="plots.geojson", **options):
    """Send a file and have it read; give its import's path."""
    path = sent(server, person, content, name)
    assert read(server, person, path, **options)["state"] == "READY"
    return path


def rows(server, table):
    """Count the rows of a table."""
    with server.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar()

"""The handler of files that become layers, and of areas that become files."""

from datetime import timedelta

from chalice.app import Blueprint

from chalicelib.application.export_area import export_area
from chalicelib.application.import_layer import import_layer
from chalicelib.composition import Ports
from chalicelib.domain.jobs import ExportJob, FileJob, file_job_of
from chalicelib.functions.handler import queue_handler
from chalicelib.settings import settings

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue=settings().queues.imports_queue, batch_size=1, maximum_concurrency=2)
@queue_handler(file_job_of)
def import_areas(job: FileJob, ports: Ports) -> None:
    """Read, or keep, the file named by one queue message; or write the archive that it names."""
    if isinstance(job, ExportJob):
        export_area(
            job,
            exports=ports.area_exports,
            contents=ports.area_contents,
            store=ports.images,
            archive_of=ports.archive_of,
            licence_of=ports.licence_of,
            clock=ports.clock,
            limit_s=ports.settings.layers.import_limit_s,
            most_bytes=ports.settings.keeping.export_bytes,
            kept_for=timedelta(days=ports.settings.keeping.export_days),
        )
        return
    import_layer(
        job,
        imports=ports.layer_imports,
        store=ports.images,
        files=ports.layer_files,
        clock=ports.clock,
        lease_s=ports.settings.layers.import_limit_s,
        looked_at=ports.usual_zoom,
        most_bytes=ports.settings.layers.layer_file_bytes,
    )

"""An area with what is known of it, as one archive: asked for, written by a job, then loaded by a link."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from chalice.app import Request, Response
from pydantic import Field

from chalicelib.api.http import Api, ApiModel, Binary, Body, queried
from chalicelib.api.problems import Headers
from chalicelib.api.queries import time_of
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.exports import PREFIX, AreaExport, ExportState, NewExport, WhichImages

api = Api(__name__)
OF_AREA = "/api/area-configs/{area_id}/exports"
MEDIA_TYPE = "application/zip"
REDIRECT_EXPIRES_S = 300
FILE = "X-Sent-File"  # the gateway sends the file that it names


class ExportBody(Body):
    """Which of an area's pictures its archive has; everything else is always in it."""

    images: Annotated[
        Literal["used", "all", "none"],
        Field(description="`used`: by alerts, places, baselines, comparisons to come, pins and holds; `all`: kept."),
    ] = "used"
    since: Annotated[
        str | None,
        Field(max_length=40, examples=["2026-03-01T00:00:00Z"], description="only pictures that were taken since"),
    ] = None


class ExportOut(ApiModel):
    """An export of an area."""

    id: Annotated[int, Field(description="Its number.")]
    area_config_id: Annotated[int, Field(description="The area.")]
    state: Annotated[
        Literal["WAITING", "WRITING", "READY", "FAILED"],
        Field(description="Ask for it until it is `READY`, with its `url`, or `FAILED`, with its `problem`."),
    ]
    images: Annotated[Literal["used", "all", "none"], Field(description="Which pictures were asked for.")]
    since: Annotated[datetime | None, Field(description="Pictures that were taken before are left out; null: none.")]
    created_at: Annotated[datetime, Field(description="When it was asked for.")]
    expires_at: Annotated[datetime, Field(description="Then it is deleted.")]
    size_bytes: Annotated[int | None, Field(description="Of the archive; null until it is there.")]
    sha256: Annotated[str | None, Field(description="Of the archive; null until it is there.")]
    files: Annotated[int | None, Field(description="How many are in it; null until it is there.")]
    problem: Annotated[str | None, Field(description="Why there is no archive; null if nothing went wrong.")]
    url: Annotated[str | None, Field(description="Where it is loaded from, until the link expires; null: not there.")]

    @classmethod
    def of(cls, export: AreaExport, ports: Ports) -> ExportOut:
        """Show an export."""
        is_there = export.state is ExportState.READY
        signed = ports.links.sign(export.key, now=ports.clock()).removeprefix(f"{PREFIX}{export.area_id}-")
        return cls(
            id=export.export_id,
            area_config_id=export.area_id,
            state=export.state.value,
            images=export.images.value,
            since=export.since,
            created_at=export.created_at,
            expires_at=export.expires_at,
            size_bytes=export.size_bytes,
            sha256=export.sha256,
            files=export.files,
            problem=export.problem,
            url=f"/api/exports/{export.area_id}/{signed}" if is_there else None,
        )


@api.route(
    OF_AREA,
    method="POST",
    body=ExportBody,
    is_body_optional=True,
    response=ExportOut,
    status=202,
    extra_statuses=(409,),
)
def add_export(ports: Ports, sign_in: SignIn, area_id: int, body: ExportBody) -> ExportOut:
    """Have what is known of an area written into one archive: ask for the export until it is there."""
    new = NewExport(
        area_id=area_id,
        user_id=sign_in.user.user_id,
        images=WhichImages(body.images),
        since=time_of(body.since, pointer="/since"),
        token=ports.new_token(),
    )
    most_kept = ports.settings.keeping.exports_kept
    export, messages = ports.area_exports.add(new, now=ports.clock(), most_kept=most_kept)
    ports.jobs.send(messages)
    return ExportOut.of(export, ports)


@api.route(OF_AREA, response=list[ExportOut])
def list_exports(ports: Ports, sign_in: SignIn, area_id: int) -> list[ExportOut]:
    """List the exports of an area that are there still, the newest first."""
    found = ports.area_exports.of_area(area_id, user_id=sign_in.user.user_id)
    return [ExportOut.of(export, ports) for export in found]


@api.route(OF_AREA + "/{export_id}", response=ExportOut)
def get_export(ports: Ports, sign_in: SignIn, area_id: int, export_id: int) -> ExportOut:
    """Show how far an export has come, and where its archive is."""
    return ExportOut.of(ports.area_exports.get(export_id, area_id=area_id, user_id=sign_in.user.user_id), ports)


@api.route(OF_AREA + "/{export_id}", method="DELETE", status=204)
def delete_export(ports: Ports, sign_in: SignIn, area_id: int, export_id: int) -> None:
    """Delete an archive before it expires, or stop writing it."""
    export = ports.area_exports.get(export_id, area_id=area_id, user_id=sign_in.user.user_id)
    ports.area_exports.forget([export_id])
    ports.images.delete(export.keys)


@api.route(
    "/api/exports/{area_id}/{name}",
    response=MEDIA_TYPE,
    extra_statuses=(302, 403),
    query=("expires", "signature"),
    public=True,
)
def load_export(ports: Ports, request: Request, area_id: int, name: str) -> Response:
    """Load an archive by its signed link: the bytes, or a redirect to where they are."""
    key = f"{PREFIX}{area_id}-{name}"
    ports.links.check(
        key,
        expires=queried(request, "expires") or "",
        signature=queried(request, "signature") or "",
        now=ports.clock(),
    )
    file_name = f"area-{area_id}.zip"
    location = ports.images.link(key, expires_s=REDIRECT_EXPIRES_S, media_type=MEDIA_TYPE, file_name=file_name)
    if location is not None:
        return Response(body="", status_code=302, headers={"Location": location, "Content-Type": "text/plain"})
    headers: Headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"}
    path = ports.images.path_of(key)
    if path is not None and request.context.get("sendsFiles"):
        return Binary(b"", media_type=MEDIA_TYPE, headers=headers | {FILE: str(path)})
    return Binary(ports.images.get(key), media_type=MEDIA_TYPE, headers=headers)

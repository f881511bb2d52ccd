"""Files that become layers of parcels: sent by a signed link, read by a job, looked at, then kept."""

from __future__ import annotations

from chalice.app import Request

from chalicelib.api.http import Api, queried, raw_body_of
from chalicelib.api.layer_bodies import ImportDraft, ImportOut, KeepDraft, ReadOptions, UploadOut
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.errors import Conflict, Invalid, TooLarge
from chalicelib.domain.layer_imports import LayerImport, NewImport
from chalicelib.domain.plain_text import plain

api = Api(__name__)
PUT = "/api/layers/imports/{import_id}/file"
MEDIA_TYPE = "application/octet-stream"  # of what is sent, whatever is in it
SENT_WITHIN_S = 3600


@api.route(
    "/api/layers/imports", method="POST", body=ImportDraft, response=ImportOut, status=201, extra_statuses=(404,)
)
def add_import(ports: Ports, sign_in: SignIn, body: ImportDraft) -> ImportOut:
    """Announce a file of parcels; the answer says where its bytes are to be sent."""
    user_id, limits = sign_in.user.user_id, ports.settings.layers
    if body.bytes > limits.layer_file_bytes:
        raise Invalid(f"a file has at most {limits.layer_file_mib} MiB: zip it, or cut it", pointer="/bytes")
    key = f"imports/{user_id}-{ports.new_token()}-{body.bytes}"  # how many are announced is told by its end
    new = NewImport(user_id=user_id, object_key=key, file_name=plain(body.file_name), layer_id=body.layer_id)
    _drop(ports, ports.layer_imports.to_drop(user_id=user_id, most_waiting=limits.imports_waiting))
    given = ports.layer_imports.add(new, now=ports.clock(), most_waiting=limits.imports_waiting)
    return ImportOut.of(given, _upload(given, ports, size_bytes=body.bytes))


def _upload(given: LayerImport, ports: Ports, *, size_bytes: int) -> UploadOut:
    headers = {"Content-Type": MEDIA_TYPE}
    url = ports.images.upload_link(
        given.object_key, size_bytes=size_bytes, media_type=MEDIA_TYPE, expires_s=SENT_WITHIN_S
    )
    if url is None:  # the store is this machine's
        signed = ports.links.sign(given.object_key, now=ports.clock()).partition("?")[2]
        url = f"{PUT.format(import_id=given.import_id)}?{signed}"
    return UploadOut(url=url, headers=headers)


@api.route(PUT, method="PUT", status=204, query=("expires", "signature"), extra_statuses=(400, 403, 409, 413))
def send_file(ports: Ports, sign_in: SignIn, request: Request, import_id: int) -> None:
    """Send a file's bytes, where the answer that announced it said so: the store is this machine's own."""
    given = ports.layer_imports.get(import_id, user_id=sign_in.user.user_id)
    ports.links.check(
        given.object_key,
        expires=queried(request, "expires") or "",
        signature=queried(request, "signature") or "",
        now=ports.clock(),
    )
    content = raw_body_of(request)
    if len(content) > ports.settings.layers.layer_file_bytes:
        raise TooLarge(f"a file has at most {ports.settings.layers.layer_file_mib} MiB")
    announced = given.object_key.rpartition("-")[2]
    is_said = announced.isdecimal()  # not by the release before
    if not content or (is_said and str(len(content)) != announced):
        said = f", and {announced} were announced" if is_said else ""
        raise Invalid(f"{len(content)} bytes were sent{said}: send the whole file again")
    ports.layer_imports.expect(import_id, user_id=sign_in.user.user_id)
    ports.images.delete([given.object_key])  # sent before: a key is written once
    ports.images.put(given.object_key, content)


@api.route(
    "/api/layers/imports/{import_id}/read",
    method="POST",
    body=ReadOptions,
    is_body_optional=True,
    response=ImportOut,
    status=202,
    extra_statuses=(409,),
)
def read_import(ports: Ports, sign_in: SignIn, import_id: int, body: ReadOptions) -> ImportOut:
    """Have a file read with these options, as often as it takes: ask for its preview until it is READY or FAILED."""
    user_id = sign_in.user.user_id
    ports.jobs.send(ports.layer_imports.read(import_id, user_id=user_id, options=body.options, now=ports.clock()))
    return ImportOut.of(ports.layer_imports.get(import_id, user_id=user_id))


@api.route("/api/layers/imports/{import_id}", response=ImportOut)
def get_import(ports: Ports, sign_in: SignIn, import_id: int) -> ImportOut:
    """Show how far a file has come, and what it shows."""
    return ImportOut.of(ports.layer_imports.get(import_id, user_id=sign_in.user.user_id))


@api.route(
    "/api/layers/imports/{import_id}/keep",
    method="POST",
    body=KeepDraft,
    is_body_optional=True,
    response=ImportOut,
    status=202,
    extra_statuses=(409,),
)
def keep_import(ports: Ports, sign_in: SignIn, import_id: int, body: KeepDraft) -> ImportOut:
    """Keep what a preview shows: ask for the import until it is KEPT, with its layer, or FAILED. Safe to repeat."""
    user_id = sign_in.user.user_id
    given = ports.layer_imports.get(import_id, user_id=user_id)
    if given.preview is not None and given.preview.needs:
        why = "say in which coordinate system this file is, and have it read again: its preview says why"
        raise Conflict(why, pointer="/crs")
    if given.preview is not None and not given.preview.parcels:
        raise Conflict("none of its rows is a parcel: its preview says why")
    name = plain(body.name) or given.file_name.rpartition(".")[0] or given.file_name
    most = ports.settings.layers.layers_per_user
    kept = ports.layer_imports.keep(import_id, user_id=user_id, name=name[:200], now=ports.clock(), most_layers=most)
    ports.jobs.send(kept)
    return ImportOut.of(ports.layer_imports.get(import_id, user_id=user_id))


@api.route("/api/layers/imports/{import_id}", method="DELETE", status=204)
def forget_import(ports: Ports, sign_in: SignIn, import_id: int) -> None:
    """Forget a file; the layer that was kept of it stays."""
    given = ports.layer_imports.get(import_id, user_id=sign_in.user.user_id)
    _drop(ports, [given])


def _drop(ports: Ports, given: list[LayerImport]) -> None:
    ports.images.delete([each.object_key for each in given])  # first: what no row names, nobody deletes
    ports.layer_imports.forget([each.import_id for each in given])

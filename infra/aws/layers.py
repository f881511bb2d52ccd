"""The layers in Lambda: each content is published once, through the artifacts bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra.aws.account import Account
from infra.errors import OperatorError

NAMES = ("opencv", "firebase", "shapely", "gdal")


def publish(
    account: Account, root: Path, names: Iterable[str], *, stage: str, arch: str, bucket: str
) -> dict[str, str]:
    """Publish the built layers that are not published yet; return each one's ARN. Raises OperatorError."""
    return {name: _publish(account, built(root, name, arch), _full(stage, name), arch, bucket) for name in names}


def unbuilt(root: Path, arch: str) -> list[str]:
    """List the layers that are still to be built."""
    return [name for name in NAMES if not _archive(root, name, arch).exists()]


def built(root: Path, name: str, arch: str) -> Path:
    """Return a built layer's zip. Raises OperatorError if it is not there."""
    archive = _archive(root, name, arch)
    if not archive.exists():
        raise OperatorError(f"the layer {name} for {arch} is not built: make layers ARCH={arch} comes first")
    return archive


def published(account: Account, stage: str, name: str, digest: str = "") -> dict[str, Any] | None:
    """Return the newest version of a stage's layer, or the one with this digest."""
    pages = account.client("lambda").get_paginator("list_layer_versions").paginate(LayerName=_full(stage, name))
    versions = [each for page in pages for each in page["LayerVersions"]]
    found = [each for each in versions if not digest or each.get("Description") == digest]
    return max(found, key=lambda each: each["Version"], default=None)


def remove(account: Account, stage: str) -> int:
    """Remove every version of a stage's layers; return their number."""
    count = 0
    while any(version := published(account, stage, name) for name in NAMES):
        account.client("lambda").delete_layer_version(
            LayerName=version["LayerVersionArn"].split(":")[6], VersionNumber=version["Version"]
        )
        count += 1
    return count


def digest_of(archive: Path) -> str:
    """Return the zip's SHA-256, which a version has as its description."""
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def _archive(root: Path, name: str, arch: str) -> Path:
    return root / "build" / "layers" / arch / f"{name}.zip"


def _full(stage: str, name: str) -> str:
    return f"bhuprahari-{stage}-{name}"


def _publish(account: Account, archive: Path, name: str, arch: str, bucket: str) -> str:
    digest = digest_of(archive)
    stage, _, short = name.removeprefix("bhuprahari-").partition("-")
    if present := published(account, stage, short, digest):
        print(f"layer {name}: version {present['Version']} has these bytes")
        return str(present["LayerVersionArn"])
    key = f"layers/{name}-{arch}-{digest[:16]}.zip"
    print(f"layer {name}: uploading {archive.stat().st_size / 2**20:.1f} MiB", flush=True)
    account.client("s3").upload_file(str(archive), bucket, key)  # opencv.zip is over what may be uploaded directly
    made = account.client("lambda").publish_layer_version(
        LayerName=name,
        Description=digest,
        Content={"S3Bucket": bucket, "S3Key": key},
        CompatibleRuntimes=["python3.12"],
        CompatibleArchitectures=[arch],
    )
    print(f"layer {name}: version {made['Version']} published")
    return str(made["LayerVersionArn"])

"""`make destroy`: a stage's end. What people made stays, unless it is told otherwise: a snapshot, and the images."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.aws import infrastructure, layers, package
from infra.aws.account import Account, Trouble, code
from infra.aws.configuration import Configuration, checked_stage
from infra.aws.release import PRODUCTION
from infra.aws.stack import Stack
from infra.aws.state import State

BUCKETS = ("ArtifactsBucket", "ImagesBucket")


def destroy(account: Account, root: Path, stage: str, *, dry_run: bool, asks: bool, everything: bool) -> None:
    """Remove a stage. Raises Trouble if there is nothing, or if the operator does not say its name."""
    configuration = Configuration(root, checked_stage(stage))
    print(f"account {account.number}, region {account.region}, stage {stage}")
    stack = infrastructure.stack_of(account, stage)
    outputs = stack.outputs
    state = State(account, root, configuration, bucket=outputs.get("ArtifactsBucket", "-"))
    app = Stack(account, f"bhuprahari-{stage}")
    deployed = bool(app.described) if stage == PRODUCTION else state.bring() != "nothing is deployed yet"
    if not deployed and not stack.described:
        raise Trouble(f"there is nothing of the stage {stage} in {account.region} of account {account.number}")
    print(f"to be removed: {'the functions and the API, ' if deployed else ''}the layers, the logs, {stack.name}")
    kept = f"a last snapshot of the database; the images in {outputs.get('ImagesBucket', 'their bucket')}"
    print(f"removed too: {kept}" if everything else f"kept: {kept} (EVERYTHING=1 removes them too)")
    if dry_run:
        print("nothing was changed (DRY_RUN)")
        return
    if asks and input(f"Type {stage} to go on: ").strip() != stage:
        raise Trouble("you typed something else, so nothing was removed")
    for each in (Stack(account, f"bhuprahari-{stage}-watch"), app):
        if each.described:
            each.remove()
            print(f"{each.name}: removed")
    if deployed and stage != PRODUCTION:
        package.chalice(root, "delete", "--stage", stage, region=account.region)
        state.path.unlink(missing_ok=True)
    print(f"layers: {layers.remove(account, stage)} versions removed")
    if stack.described:
        _unprotect(account, stage)
        _empty(account, [outputs[name] for name in BUCKETS[: 1 + everything] if name in outputs])
        stack.remove()
        print(f"{stack.name}: removed")
    if everything:
        _remove_what_was_kept(account, stage, outputs)
    for name in _log_groups(account, stage):
        account.client("logs").delete_log_group(logGroupName=name)
    configuration.forget_infrastructure()
    configuration.save()
    print(f"the stage {stage} is gone" + ("" if everything else f"; kept: {kept}"))


def _unprotect(account: Account, stage: str) -> None:
    """Take the database's protection away: whoever got here typed the stage's name."""
    client = account.client("rds")
    try:
        client.modify_db_instance(
            DBInstanceIdentifier=f"bhuprahari-{stage}", DeletionProtection=False, ApplyImmediately=True
        )
    except ClientError as error:
        if code(error) not in ("DBInstanceNotFound", "DBInstanceNotFoundFault"):
            raise


def _empty(account: Account, buckets: list[str]) -> None:
    """Remove every version of every object: CloudFormation removes no bucket that holds something."""
    client = account.client("s3")
    pages = (client.get_paginator("list_object_versions").paginate(Bucket=bucket) for bucket in buckets)
    try:
        for page in chain.from_iterable(pages):
            there = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            batch = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in there]
            if batch:
                client.delete_objects(Bucket=page["Name"], Delete={"Objects": batch, "Quiet": True})
    except ClientError as error:
        if code(error) != "NoSuchBucket":
            raise


def _remove_what_was_kept(account: Account, stage: str, outputs: dict[str, str]) -> None:
    """Remove what the stack keeps when it goes: the images' bucket and the snapshots."""
    try:
        account.client("s3").delete_bucket(Bucket=outputs["ImagesBucket"])
    except ClientError as error:
        if code(error) != "NoSuchBucket":
            raise
    client = account.client("rds")
    for each in client.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]:
        if each["DBInstanceIdentifier"] == f"bhuprahari-{stage}":
            client.delete_db_snapshot(DBSnapshotIdentifier=each["DBSnapshotIdentifier"])


def _log_groups(account: Account, stage: str) -> Iterator[str]:
    base = f"/aws/lambda/bhuprahari-{stage}"
    pages: Any = account.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=base)
    for each in [each for page in pages for each in page["logGroups"]]:
        if each["logGroupName"] == base or each["logGroupName"].startswith(f"{base}-"):
            yield each["logGroupName"]

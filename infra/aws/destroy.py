"""`make destroy`: remove a stage. A snapshot of the database and the images stay, unless EVERYTHING=1 is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import code
from infra.aws import infrastructure, layers, package
from infra.aws.account import Account
from infra.aws.configuration import PRODUCTION, Configuration, checked_stage
from infra.aws.deployed_state import DeployedState
from infra.aws.post_deploy import unmap_domain
from infra.aws.retired import remove_retired
from infra.aws.stack import Stack
from infra.aws.uploads import unsubscribe
from infra.errors import OperatorError


def destroy(account: Account, root: Path, stage: str, *, dry_run: bool, asks: bool, everything: bool) -> None:
    """Remove a stage. Raises OperatorError if there is none, or if the operator does not confirm its name."""
    configuration = Configuration(root, checked_stage(stage))
    print(f"account {account.number}, region {account.region}, stage {stage}")
    stack = infrastructure.stack_of(account, stage)
    outputs = stack.outputs
    state = DeployedState(account, root, configuration, bucket=outputs.get("ArtifactsBucket", ""))
    app = Stack(account, f"bhuprahari-{stage}")
    deployed = bool(app.described) if stage == PRODUCTION else state.is_deployed
    if not deployed and not stack.described:
        raise OperatorError(f"there is nothing of the stage {stage} in {account.region} of account {account.number}")
    print(f"to be removed: {'the functions and the API, ' if deployed else ''}the layers, the logs, {stack.name}")
    images = outputs.get("ImagesBucket") or configuration.environment["BHUPRAHARI_BUCKET"]
    kept = f"a last snapshot of the database; the images in {images}"
    print(f"removed too: {kept}" if everything else f"kept: {kept} (EVERYTHING=1 removes them too)")
    if dry_run:
        print("nothing was changed (DRY_RUN)")
        return
    if asks and _answer(f"Type {stage} to go on: ") != stage:
        raise OperatorError("you typed something else, so nothing was removed")
    for each in (Stack(account, f"bhuprahari-{stage}-watch"), app):
        if each.described:
            each.remove()
            print(f"{each.name}: removed")
    if deployed and stage != PRODUCTION:
        _remove_what_chalice_made(account, root, configuration, state, domain=stack.parameters.get("DomainName", ""))
    print(f"layers: {layers.remove(account, stage)} versions removed")
    if stack.described:
        _unprotect(account, stage)
        _empty(account, outputs.get("ArtifactsBucket", ""))
        unsubscribe(account, configuration)
        stack.remove()
        print(f"{stack.name}: removed")
    if everything:
        _remove_what_was_kept(account, stage, images)
    for name in _log_groups(account, stage):
        account.client("logs").delete_log_group(logGroupName=name)
    configuration.forget_infrastructure()
    configuration.save()
    print(f"the stage {stage} is gone" + ("" if everything else f"; kept: {kept}"))


def _answer(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        raise OperatorError("nobody is there to answer, so nothing was removed: say YES=1 to do without") from None


def _remove_what_chalice_made(
    account: Account, root: Path, configuration: Configuration, state: DeployedState, *, domain: str
) -> None:
    if domain:
        unmap_domain(account, domain)  # API Gateway deletes no API that a domain leads to
    state.restore()
    remove_retired(account, configuration)
    package.chalice(root, "delete", "--stage", state.stage, region=account.region)
    state.path.unlink(missing_ok=True)


def _unprotect(account: Account, stage: str) -> None:
    """Switch off the database's deletion protection: the operator has confirmed the stage's name."""
    client = account.client("rds")
    try:
        client.modify_db_instance(
            DBInstanceIdentifier=f"bhuprahari-{stage}", DeletionProtection=False, ApplyImmediately=True
        )
    except ClientError as error:
        if code(error) not in ("DBInstanceNotFound", "DBInstanceNotFoundFault"):
            raise


def _empty(account: Account, bucket: str) -> None:
    """Remove every version of every object: AWS removes no bucket that is not empty. "" names none."""
    if not bucket:
        return
    client = account.client("s3")
    try:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            there = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            batch = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in there]
            if batch:
                client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    except ClientError as error:
        if code(error) != "NoSuchBucket":
            raise


def _remove_what_was_kept(account: Account, stage: str, images: str) -> None:
    """Remove what the stack keeps when it goes: the images' bucket and the snapshots."""
    _empty(account, images)
    try:
        account.client("s3").delete_bucket(Bucket=images)
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

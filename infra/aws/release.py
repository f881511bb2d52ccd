"""`make deploy`: layers, package, migration, functions and API; the old version serves until the new one is there.

A stage called prod goes by CloudFormation, which takes a failed change back; every other by `chalice deploy`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from chalicelib.adapters.aws import code
from infra.aws import infrastructure, layers, package, quota, secrets
from infra.aws.account import Account
from infra.aws.configuration import PRODUCTION, Configuration, checked_stage
from infra.aws.deployed_state import DeployedState
from infra.aws.post_deploy import MERGED, finish, join_network, map_domain
from infra.aws.retired import remove_retired, retired
from infra.aws.stack import Stack
from infra.errors import OperatorError

MASTER = "DatabaseMasterSecretArn"
WATCH = Path("infra") / "aws" / "watch.yaml"


def deploy(account: Account, root: Path, stage: str, *, dry_run: bool) -> None:
    """Deploy the code that is here to a stage. Safe to run again after any failure. Raises OperatorError."""
    configuration = Configuration(root, checked_stage(stage))
    print(f"account {account.number}, region {account.region}, stage {stage}")
    outputs = infrastructure.made(account, stage)
    configuration.take(outputs)
    quota.check(account, configuration)
    if dry_run:
        _tell(account, root, configuration, outputs)
        return
    infrastructure.publish_layers(account, root, configuration, outputs["ArtifactsBucket"])
    archive = _packaged(account, root, configuration)
    print(_migrate(account, configuration, outputs, archive) or "migrate: not deployed yet, so it runs at the end")
    if stage == PRODUCTION:
        url = _by_cloudformation(account, root, configuration, outputs, dry_run=False)
    else:
        url = _by_chalice(account, root, configuration, outputs)
    _end(account, root, configuration, outputs, url)


def complete(account: Account, root: Path, stage: str) -> None:
    """Complete a plain `chalice deploy`: do what `make deploy` does after it. Raises OperatorError."""
    configuration = Configuration(root, checked_stage(stage))
    if stage == PRODUCTION:
        raise OperatorError(
            f"the stage {stage} goes by CloudFormation, which leaves nothing to finish: make deploy STAGE={stage}"
        )
    print(f"account {account.number}, region {account.region}, stage {stage}")
    outputs = infrastructure.made(account, stage)
    configuration.take(outputs)
    state = DeployedState(account, root, configuration, bucket=outputs["ArtifactsBucket"])
    print(state.restore())
    _end(account, root, configuration, outputs, _finished(account, root, configuration, outputs, state))


def _end(account: Account, root: Path, configuration: Configuration, outputs: Mapping[str, str], url: str) -> None:
    print(_migrate(account, configuration, outputs))
    if (root / WATCH).exists():
        _watch(account, root, configuration, outputs)
    print(f"deployed: {url}\nnext: make smoke URL={url}")


def _packaged(account: Account, root: Path, configuration: Configuration) -> Path:
    merge = root / MERGED if configuration.name == PRODUCTION else None
    return package.build(root, configuration.name, region=account.region, merge=merge)


def _by_chalice(account: Account, root: Path, configuration: Configuration, outputs: Mapping[str, str]) -> str:
    state = DeployedState(account, root, configuration, bucket=outputs["ArtifactsBucket"])
    print(state.restore())
    package.chalice(root, "deploy", "--stage", configuration.name, region=account.region)
    return _finished(account, root, configuration, outputs, state)


def _finished(
    account: Account, root: Path, configuration: Configuration, outputs: Mapping[str, str], state: DeployedState
) -> str:
    """Set what Chalice has no key for; return the stage's address."""
    if not state.api_id:
        stage = configuration.name
        raise OperatorError(
            f"there is no API of the stage {stage} to finish: chalice deploy --stage {stage} comes first"
        )
    state.store()
    remove_retired(account, configuration)
    finish(account, root, configuration, state.api_id, outputs)
    domain = infrastructure.stack_of(account, configuration.name).parameters.get("DomainName")
    if domain:
        map_domain(account, configuration, state.api_id, domain)
        return f"https://{domain}"
    return f"https://{state.api_id}.execute-api.{account.region}.amazonaws.com/{configuration.api_stage}"


def _by_cloudformation(
    account: Account, root: Path, configuration: Configuration, outputs: Mapping[str, str], *, dry_run: bool
) -> str:
    bucket = outputs["ArtifactsBucket"]
    template = _uploaded(account, root, bucket)
    place = {"TemplateURL": f"https://{bucket}.s3.{account.region}.amazonaws.com/{template}"}
    origins = {"AllowedOrigins": configuration.environment.get("BHUPRAHARI_ALLOWED_ORIGINS", "")}
    infra = infrastructure.stack_of(account, configuration.name).parameters
    stack = Stack(account, f"bhuprahari-{configuration.name}")
    stack.apply(place, stack.accepted(place, infra | dict(outputs) | origins), dry_run=dry_run)
    if dry_run:
        return ""
    return (stack.outputs.get("CustomUrl") or stack.outputs["EndpointURL"]).rstrip("/")


def _watch(account: Account, root: Path, configuration: Configuration, outputs: Mapping[str, str]) -> None:
    """Make or change the alarms and the dashboard, which name functions that are there by now."""
    stack = Stack(account, f"bhuprahari-{configuration.name}-watch")
    place = {"TemplateBody": (root / WATCH).read_text(encoding="utf-8")}
    api = {"ApiName": f"bhuprahari-{configuration.name}" if configuration.name == PRODUCTION else "bhuprahari"}
    own = {"Stage": configuration.name, "ApiStage": configuration.api_stage}
    stack.apply(place, stack.accepted(place, dict(outputs) | own | api), dry_run=False)


def _uploaded(account: Account, root: Path, bucket: str) -> str:
    """Upload the package and the template that names it; return the template's key."""
    place, client = root / package.PLACE, account.client("s3")
    content = (place / "deployment.zip").read_bytes()
    key = f"packages/{hashlib.sha256(content).hexdigest()[:16]}.zip"
    client.put_object(Bucket=bucket, Key=key, Body=content)
    template = json.loads((place / "sam.json").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://{bucket}/{key}"
    text = json.dumps(template).encode()
    name = f"packages/{hashlib.sha256(text).hexdigest()[:16]}.json"
    client.put_object(Bucket=bucket, Key=name, Body=text)
    return name


def _migrate(
    account: Account, configuration: Configuration, outputs: Mapping[str, str], archive: Path | None = None
) -> str:
    """Run the function `migrate`, with an archive's code if one is given; "" if it is absent. Raises OperatorError."""
    client, name = account.client("lambda"), configuration.name_of("migrate")
    timeout_s = configuration.functions["migrate"]["lambda_timeout"]
    try:
        if archive:
            client.update_function_code(FunctionName=name, ZipFile=archive.read_bytes())
            join_network(account, configuration, outputs, [name])  # a first try may have ended before it could
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        as_master = {} if secrets.leads_elsewhere(account, outputs) else {"master_secret": outputs[MASTER]}
        event = json.dumps(as_master)
        answer = account.once("lambda", waits_s=timeout_s + 10).invoke(FunctionName=name, Payload=event)
        told = json.loads(answer["Payload"].read())
    except (ReadTimeoutError, ConnectionClosedError) as error:
        raise OperatorError(
            f"{name} was started and did not answer ({type(error).__name__}): it may still be at work, for at most "
            f"{timeout_s} s. Its log is /aws/lambda/{name}. Run this again after that: what is migrated stays migrated"
        ) from error
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        return ""
    if answer.get("FunctionError"):
        raise OperatorError(
            f"the migration failed: {told.get('errorType')}: {told.get('errorMessage')}. "
            f"Its log is /aws/lambda/{name}. The functions that serve were not changed; mend that and run this again"
        )
    return f"migrate: the database is at {told['revision']}"


def _tell(account: Account, root: Path, configuration: Configuration, outputs: Mapping[str, str]) -> None:
    """Print what a deploy would change, by what is there now."""
    for name in layers.NAMES:
        archive = layers.built(root, name, configuration.architecture)
        present = layers.published(account, configuration.name, name, layers.digest_of(archive))
        print(f"  layer {name}: " + (f"as version {present['Version']}" if present else "would be published"))
    archive = _packaged(account, root, configuration)
    if configuration.name == PRODUCTION:
        _by_cloudformation(account, root, configuration, outputs, dry_run=True)
        return
    digest = base64.b64encode(hashlib.sha256(archive.read_bytes()).digest()).decode()
    for function in configuration.functions:
        try:
            answer = account.client("lambda").get_function_configuration(FunctionName=configuration.name_of(function))
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            print(f"  function {function}: would be made")
        else:
            print(
                f"  function {function}: " + ("same code" if answer["CodeSha256"] == digest else "would get new code")
            )
    for function in retired(account, configuration):
        print(f"  function {function}: would be removed")
    print("nothing was changed (DRY_RUN)")

"""`make infra`: the stack under a stage, its outputs in the configuration, its secrets, its layers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chalicelib.adapters.imagery.registry import PROVIDERS
from infra.aws import certificate, layers, quota, secrets, uploads, ways_out
from infra.aws.account import Account
from infra.aws.configuration import PRODUCTION, Configuration, checked_stage
from infra.aws.stack import Stack
from infra.errors import OperatorError

SQS_OVER_IPV6 = "AWS_ENDPOINT_URL_SQS"  # of a stage's settings: the outputs of Egress=ipv6 have it
TEMPLATE = Path("infra") / "aws" / "stage.yaml"


def stack_of(account: Account, stage: str) -> Stack:
    """Return the stack of a stage's infrastructure."""
    return Stack(account, f"bhuprahari-{stage}-infra")


def made(account: Account, stage: str) -> dict[str, str]:
    """Return the outputs of a stage's infrastructure. Raises OperatorError if it was never made, or not completely."""
    stack = stack_of(account, stage)
    found = stack.described
    if not found:
        raise OperatorError(
            f"the stage {stage} has no infrastructure in {account.region} of account {account.number}: "
            f"make infra STAGE={stage} comes first"
        )
    if "UploadsQueue" not in stack.outputs:
        raise OperatorError(
            f"{stack.name} is {found['StackStatus']} and has not all that this release needs: "
            f"run make infra STAGE={stage} again"
        )
    return stack.outputs


def make(account: Account, root: Path, stage: str, *, given: list[str], firebase: Path | None, dry_run: bool) -> None:
    """Make or change a stage's infrastructure, and enter it in the configuration. Raises OperatorError."""
    configuration = Configuration(root, checked_stage(stage))
    own = {"Stage": stage, "MaxConcurrency": configuration.environment["BHUPRAHARI_MAX_CONCURRENCY"]}
    parameters = own | dict(_parsed(each) for each in given)
    _check_way_out(configuration, parameters)  # before any call
    account_of_firebase = None if firebase is None else secrets.service_account(firebase)  # before the long part
    print(f"account {account.number}, region {account.region}, stage {stage}")
    template = (root / TEMPLATE).read_text(encoding="utf-8")
    stack = stack_of(account, stage)
    quota.check(account, configuration, workers=parameters["MaxConcurrency"])
    stack.apply({"TemplateBody": template}, parameters, dry_run=dry_run)
    if dry_run:
        return
    outputs = made(account, stage)
    configuration.take(outputs)
    configuration.save()
    print(f".chalice/config.json: the stage {stage} knows its network, bucket and queues")
    for name in secrets.fill(account, outputs, firebase=account_of_firebase):
        print(f"secret {name}: written")
    print(uploads.subscribe(account, configuration))
    missing = layers.unbuilt(root, configuration.architecture)
    publish_layers(
        account, root, configuration, outputs["ArtifactsBucket"], [each for each in layers.NAMES if each not in missing]
    )
    if missing:
        print(
            f"not built yet for {configuration.architecture}, so not published: the layers {' and '.join(missing)}: "
            f"make layers ARCH={configuration.architecture}, then make infra STAGE={stage} again, or make deploy"
        )
    else:
        alone = f" (or chalice deploy --stage {stage}, and make finish STAGE={stage})" if stage != PRODUCTION else ""
        print(f"next: make deploy STAGE={stage}{alone}")


def publish_layers(
    account: Account, root: Path, configuration: Configuration, bucket: str, names: Iterable[str] = layers.NAMES
) -> None:
    """Publish layers, enter them in the configuration, fetch the certificates. Safe to repeat. Raises OperatorError."""
    arch = configuration.architecture
    configuration.use_layers(layers.publish(account, root, names, stage=configuration.name, arch=arch, bucket=bucket))
    configuration.save()
    print(certificate.fetch(root, account.region))


def _check_way_out(configuration: Configuration, parameters: dict[str, str]) -> None:
    ways_out.check_buckets(configuration.environment)
    providers = ways_out.in_use(configuration.environment, PROVIDERS)
    is_made_with_nat = bool(configuration.stage.get("subnet_ids")) and SQS_OVER_IPV6 not in configuration.environment
    if "Egress" in parameters or not is_made_with_nat:  # a parameter that is not given stays as it is
        ways_out.check(parameters.get("Egress", ways_out.SPEAKS_IPV6_ALONE), providers)


def _parsed(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OperatorError(f"a parameter is given as Name=value, not {text!r}")
    return name, value

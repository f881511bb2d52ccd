"""What the release before deployed under another name: removed once its successor is there.

CloudFormation removes what a new template no longer has, and `chalice deploy` what its state of the stage names and the
app no longer has. That state may be lost, or restored from what this release knows, so this looks for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import code
from infra.aws.account import Account
from infra.aws.configuration import Configuration
from infra.stages import RENAMED_FUNCTIONS

ABSENT = ("ResourceNotFoundException", "NoSuchEntity")


def retired(account: Account, configuration: Configuration) -> list[str]:
    """Name the functions of the release before of which anything is still deployed."""
    return [old for old in RENAMED_FUNCTIONS if any(_parts(account, configuration.name_of(old)))]


def remove_retired(account: Account, configuration: Configuration) -> None:
    """Remove them, the schedule first: nothing starts what is on its way out. Safe to repeat."""
    events, iam = account.client("events"), account.client("iam")
    for old in retired(account, configuration):
        name = configuration.name_of(old)
        rule, function, role = _parts(account, name)
        if rule:
            targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            if targets:
                events.remove_targets(Rule=rule["Name"], Ids=[each["Id"] for each in targets])
            events.delete_rule(Name=rule["Name"])
        if function:
            account.client("lambda").delete_function(FunctionName=name)  # the schedule's permission goes with it
        if role:
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)
            iam.delete_role(RoleName=name)
        print(f"function {old}: removed, it is called {RENAMED_FUNCTIONS[old]} now")


def _parts(account: Account, name: str) -> tuple[Any, Any, Any]:
    """Look up the schedule rule, the function and the role that Chalice names so; None for each that is absent."""
    return (
        _if_there(account.client("events").describe_rule, Name=f"{name}-event"),
        _if_there(account.client("lambda").get_function_configuration, FunctionName=name),
        _if_there(account.client("iam").get_role, RoleName=name),
    )


def _if_there(ask: Callable[..., Any], **parameters: str) -> Any:  # noqa: ANN401 (AWS's answers)
    try:
        return ask(**parameters)
    except ClientError as error:
        if code(error) not in ABSENT:
            raise
        return None

"""One CloudFormation stack: its changes, how they are made, and why they failed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from infra.aws.account import Account
from infra.errors import OperatorError

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
STOPPED = {  # states that no change is taken in
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {name}, then run this again",
    "ROLLBACK_FAILED": "make destroy removes what is left of it, then run this again",
    "CREATE_FAILED": "make destroy removes what is left of it, then run this again",
    "DELETE_FAILED": "make destroy tries to remove it once more, then run this again",
}


class Stack:
    """A stack by its name."""

    def __init__(self, account: Account, name: str) -> None:
        self.name, self._client = name, account.client("cloudformation")

    @property
    def described(self) -> dict[str, Any] | None:
        """Return AWS's description of it, None if it is not there."""
        try:
            found = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return found[0] if found and found[0]["StackStatus"] not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else None

    @property
    def outputs(self) -> dict[str, str]:
        """Return its outputs; none if it is not there."""
        return {each["OutputKey"]: each["OutputValue"] for each in (self.described or {}).get("Outputs", [])}

    @property
    def parameters(self) -> dict[str, str]:
        """Return its parameters; none if it is not there."""
        given = (self.described or {}).get("Parameters", [])
        return {each["ParameterKey"]: each.get("ParameterValue", "") for each in given}

    def accepted(self, template: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
        """Return those of the values that a template has a parameter for."""
        return {name: value for name, value in values.items() if name in self._known(template)}

    def apply(self, template: Mapping[str, str], given: Mapping[str, str], *, dry_run: bool) -> bool:
        """Make or change it by a change set; return whether anything changed. Raises OperatorError.

        `template` is TemplateBody or TemplateURL; a parameter that is not given keeps its value.
        """
        present = self.described
        if present and present["StackStatus"] == "ROLLBACK_COMPLETE":  # a first try that failed can only be removed
            if dry_run:
                raise OperatorError(f"{self.name} failed when it was first made: make it again without DRY_RUN")
            print(f"{self.name}: removing what is left of the try that failed", flush=True)
            self.remove()
            present = None
        self._check_takes_a_change(present)
        kind = "UPDATE" if present else "CREATE"
        name = f"bhuprahari-{int(time.time())}"
        try:
            self._client.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType=kind,
                Capabilities=CAPABILITIES,
                Parameters=self._parameters(template, given, present),
                **template,
            )
            changes = self._changes(name)
        except ClientError as error:
            if "No updates" not in str(error):
                raise
            changes = None
        if changes is None:
            print(f"{self.name}: nothing to change")
            return False
        for each in changes:
            change = each["ResourceChange"]
            again = ", made anew" if change.get("Replacement") == "True" else ""
            print(f"  {change['Action'].lower():7} {change['LogicalResourceId']} ({change['ResourceType']}{again})")
        if dry_run:
            self._client.delete_change_set(StackName=self.name, ChangeSetName=name)
            if kind == "CREATE":  # AWS keeps the empty stack of a change set that never ran
                self._client.delete_stack(StackName=self.name)
            print(f"{self.name}: {len(changes)} changes, none made (DRY_RUN)")
            return True
        begun = time.time()
        print(f"{self.name}: {len(changes)} changes, under way", flush=True)
        self._client.execute_change_set(StackName=self.name, ChangeSetName=name)
        self._wait(f"stack_{kind.lower()}_complete")
        print(f"{self.name}: done in {time.time() - begun:.0f} s")
        return True

    def remove(self) -> None:
        """Remove it and wait until it is gone. Raises OperatorError."""
        self._client.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def _check_takes_a_change(self, present: Mapping[str, Any] | None) -> None:
        status = str(present["StackStatus"]) if present else ""
        if status.endswith("_IN_PROGRESS"):
            raise OperatorError(f"{self.name} is at work ({status}): wait until it is done and run this again")
        if remedy := STOPPED.get(status):
            raise OperatorError(f"{self.name} is {status}: {remedy.format(name=self.name)}")

    def _parameters(self, template: Mapping[str, str], given: Mapping[str, str], present: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        known = self._known(template)
        if strange := set(given) - known:
            raise OperatorError(
                f"{self.name} has no parameter {', '.join(sorted(strange))}: it has {', '.join(sorted(known))}"
            )
        before = {each["ParameterKey"] for each in (present or {}).get("Parameters", [])}
        kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted((before & known) - set(given))]
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()] + kept

    def _known(self, template: Mapping[str, str]) -> set[str]:
        return {each["ParameterKey"] for each in self._client.get_template_summary(**template)["Parameters"]}

    def _changes(self, name: str) -> list[dict[str, Any]] | None:
        while True:
            found = self._client.describe_change_set(StackName=self.name, ChangeSetName=name)
            if found["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                time.sleep(2)
                continue
            reason = found.get("StatusReason") or ""
            if found["Status"] == "FAILED" and ("didn't contain changes" in reason or "No updates" in reason):
                self._client.delete_change_set(StackName=self.name, ChangeSetName=name)
                return None
            if found["Status"] == "FAILED":
                raise OperatorError(f"CloudFormation does not accept {self.name}: {reason}")
            return list(found["Changes"])

    def _wait(self, waiter: str) -> None:
        try:
            self._client.get_waiter(waiter).wait(StackName=self.name, WaiterConfig={"Delay": 10, "MaxAttempts": 360})
        except WaiterError as error:
            events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
            failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
            whose = [each for each in failed if "cancelled" not in each.get("ResourceStatusReason", "")]
            said = [
                f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', 'no reason')}" for each in whose[-3:]
            ]
            raise OperatorError(
                f"{self.name} failed and went back to how it was: {' | '.join(said) or error}. "
                "Mend that and run this again"
            ) from error

"""What an account lets its functions run at once, asked before the long part: a new account may have ten."""

from __future__ import annotations

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import code
from infra.aws.account import Account
from infra.aws.configuration import WORKERS, Configuration
from infra.errors import OperatorError

UNRESERVED = 100  # of an account's executions AWS lets nobody reserve the last hundred


def check(account: Account, configuration: Configuration, *, workers: str | int | None = None) -> None:
    """Raise OperatorError if the account cannot reserve what a stage's functions are to have.

    `workers` is the stage's MaxConcurrency, where that is about to change.
    """
    client = account.client("lambda")
    try:
        limits = client.get_account_settings()["AccountLimit"]
    except ClientError as error:  # no right to ask, or a stand-in of AWS that does not know it
        print(f"concurrency: not looked at, Lambda answered {code(error)}; docs/deploy.md says how much is needed")
        return
    wanted = {name: each.get("reserved_concurrency", 0) for name, each in configuration.functions.items()}
    if workers is not None:
        if not str(workers).isdigit():
            raise OperatorError(f"MaxConcurrency is a whole number, not {workers!r}")
        wanted |= {name: int(workers) for name in WORKERS if wanted[name]}
    needed = sum(wanted.values())
    held = sum(_held(account, configuration.name_of(function)) for function in wanted)
    free = limits["UnreservedConcurrentExecutions"] + held - UNRESERVED
    if needed > max(free, 0):
        total = limits["ConcurrentExecutions"]
        more = max(total + needed - max(free, 0), needed + UNRESERVED)
        raise OperatorError(
            f"the functions of the stage {configuration.name} reserve {needed} executions at once, and the account "
            f"{account.number} has {max(free, 0)} to reserve in {account.region} ({total} in all, of which AWS keeps "
            f"{UNRESERVED} for no one): ask AWS for {more}, which takes hours to days, aws service-quotas "
            "request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
            f"--desired-value {max(more, 1000)}, and run this again"
        )
    print(f"concurrency: {needed} to be reserved, {free} can be")


def _held(account: Account, name: str) -> int:
    try:
        answer = account.client("lambda").get_function_concurrency(FunctionName=name)
    except ClientError as error:
        if code(error) not in ("ResourceNotFoundException", "404"):
            raise
        return 0
    return int(answer.get("ReservedConcurrentExecutions", 0))

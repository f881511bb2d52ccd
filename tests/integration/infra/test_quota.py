"""What an account may run at once is asked before the long part of `make infra`, and before a deploy."""

from types import SimpleNamespace

import pytest

from infra.aws import infrastructure, quota, release
from infra.aws.configuration import Configuration
from infra.errors import OperatorError


@pytest.fixture(autouse=True)
def template(checkout):
    (checkout / "infra" / "aws").mkdir(parents=True)
    (checkout / infrastructure.TEMPLATE).write_text("Resources: {}")


def answering(account, *, total, unreserved, held=None):
    """Let Lambda answer with these limits, and with what functions have reserved; give the calls that were made."""
    calls, held = [], held or {}

    def settings(**_):
        calls.append("GetAccountSettings")
        limits = {"ConcurrentExecutions": total, "UnreservedConcurrentExecutions": unreserved}
        return SimpleNamespace(status_code=200), {"AccountLimit": limits}

    def concurrency(params, **_):
        name = params["url_path"].rpartition("/functions/")[2].partition("/")[0]
        answer = {"ReservedConcurrentExecutions": held[name]} if name in held else {}
        return SimpleNamespace(status_code=200), answer

    events = account.client("lambda").meta.events
    events.register("before-call.lambda.GetAccountSettings", settings)
    events.register("before-call.lambda.GetFunctionConcurrency", concurrency)
    return calls


def test_a_new_accounts_ten_are_refused_before_anything_is_made(account, checkout):
    calls = answering(account, total=10, unreserved=10)
    with pytest.raises(OperatorError, match=r"reserve 29 executions at once, .* has 0 to reserve .*10 in all.* 1000"):
        infrastructure.make(account, checkout, "dev", given=[], firebase=None, dry_run=False)
    assert calls == ["GetAccountSettings"]
    assert account.client("cloudformation").list_stacks()["StackSummaries"] == []


def test_a_deploy_is_refused_too(account, checkout, monkeypatch):
    answering(account, total=10, unreserved=10)
    outputs = {"SubnetIds": "a,b", "SecurityGroupId": "sg-1", "ImagesBucket": "bhuprahari-dev-images"}
    monkeypatch.setattr(infrastructure, "made", lambda *_: outputs)
    with pytest.raises(OperatorError, match="reserve 29 executions at once"):
        release.deploy(account, checkout, "dev", dry_run=True)


@pytest.mark.parametrize(
    ("unreserved", "workers", "held", "refused"),
    [
        (129, None, {}, False),  # 29, and the hundred that AWS keeps
        (128, None, {}, True),
        (128, None, {"bhuprahari-dev-reconcile": 1}, False),  # a second deploy: what it holds counts for it
        (130, "4", {}, False),
        (130, "5", {}, True),  # two more: one each of capture and compare
        (1000, "100", {}, False),
    ],
)
def test_what_the_stage_holds_counts_and_what_others_hold_does_not(
    account, checkout, unreserved, workers, held, refused
):
    answering(account, total=1000, unreserved=unreserved, held=held)
    configuration = Configuration(checkout, "dev")
    if refused:
        with pytest.raises(OperatorError, match="to reserve in ap-south-1"):
            quota.check(account, configuration, workers=workers)
    else:
        quota.check(account, configuration, workers=workers)


def test_no_number_of_workers_is_a_sentence(account, checkout):
    answering(account, total=1000, unreserved=1000)
    with pytest.raises(OperatorError, match="MaxConcurrency is a whole number, not 'many'"):
        infrastructure.make(account, checkout, "dev", given=["MaxConcurrency=many"], firebase=None, dry_run=True)


def test_an_account_that_may_not_be_asked_is_told_as_such(account, checkout, capsys):
    quota.check(account, Configuration(checkout, "dev"))  # moto does not know the question
    assert capsys.readouterr().out.startswith("concurrency: not looked at, Lambda answered ")

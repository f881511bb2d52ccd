"""Plants each kind of mistake that nothing noticed once, prints what goes red: python -m tests.architecture.mutants.

What wants a deployed function to be seen (a call that another function may make) is the deploy test's: it says so.
"""

from __future__ import annotations

import ast
import copy
import sys

from tests.architecture import test_calls_of_aws, test_requirements
from tests.architecture.rules import app, limits, measures, network, rings, storage, uploads, watch
from tests.architecture.rules.book import RULES, gone, put
from tests.support.templates.rendered import rendered

assert {
    module.__name__ for module in (app, limits, measures, network, rings, storage, uploads, watch)
}  # importing fills RULES
APP, STAGE, WATCH = "app/Resources", "stage/Resources", "watch/Resources"
STATEMENT = f"{STAGE}/S3Endpoint/Properties/PolicyDocument/Statement/0"
PLANTED = {
    "an endpoint's policy without DeleteObject": gone(f"{STATEMENT}/Action/2"),
    "an alarm without one of its functions": gone(f"{WATCH}/FunctionErrors/Properties/Metrics/2"),
    "an alarm that does not read one of its queues": put(
        f"{WATCH}/QueueOld/Properties/Metrics/0/Expression", "MAX([FILL(m0,0),FILL(m1,0),FILL(m2,0),FILL(m3,0)])"
    ),
    "an alarm that rings at 3,000 errors": put(f"{WATCH}/FunctionErrors/Properties/Threshold", 3000),
    "an alarm that rings the other way round": put(
        f"{WATCH}/DatabaseFilling/Properties/ComparisonOperator", "GreaterThanThreshold"
    ),
    "an alarm that measures another metric": put(
        f"{WATCH}/FunctionErrors/Properties/Metrics/3/MetricStat/Metric/MetricName", "Duration"
    ),
    "an alarm of the least that there was": put(f"{WATCH}/DatabaseBusy/Properties/Statistic", "Minimum"),
    "a database that cuts off what is too long": gone(f"{STAGE}/DatabaseParameters/Properties/Parameters/sql_mode"),
    "30 s for a file of parcels": put(f"{APP}/ImportAreas/Properties/Timeout", 30),
    "a deletion that nobody can take back": put(
        f"{STAGE}/Images/Properties/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NoncurrentDays", 1
    ),
    "a schedule of 15 days": put(
        f"{APP}/CaptureAreas/Properties/Events/CaptureAreasEvent/Properties/Schedule", "rate(15 days)"
    ),
    "images that expire after a day": put(
        f"{STAGE}/Images/Properties/LifecycleConfiguration/Rules/0/ExpirationInDays", 1
    ),
    "one request of the API at once": put(f"{APP}/APIHandler/Properties/ReservedConcurrentExecutions", 1),
    "an idle connection of 8 hours": put(f"{STAGE}/DatabaseParameters/Properties/Parameters/wait_timeout", "28800"),
    "a queue that starts nobody": gone(f"{APP}/CompareTile/Properties/Events/CompareTileSqsEventSource"),
    "256 MB for OpenCV": put(f"{APP}/CaptureTile/Properties/MemorySize", 256),
    "a policy that reaches every stage": put(
        f"{APP}/ReconcileRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
        ["arn:aws:secretsmanager:*:*:secret:bhuprahari/*/database-url-??????"],
    ),
    "a master of any database": put(
        f"{APP}/MigrateRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
        ["arn:aws:secretsmanager:*:*:secret:rds!db-*"],
    ),
}
CALLS = {
    "a call that no function may make, in reconcile": "self._sqs.change_message_visibility(QueueUrl=url)",
    "another one, in capture_tile": "self._client.list_object_versions(Bucket=bucket)",
}


def found() -> dict[str, list[str]]:
    """Return what notices each kind; nothing notices one with an empty list."""
    whole = rendered()
    red = {}
    for kind, plant in PLANTED.items():
        templates = copy.deepcopy(whole)
        plant(templates)
        red[kind] = [name for name, rule in RULES.items() if rule.complaints(templates)]
    for kind, call in CALLS.items():
        ungranted = test_calls_of_aws.ungranted([*test_calls_of_aws.sources(), ast.parse(call)])
        red[kind] = [f"test_some_function_may_do_what_the_code_asks: {each}" for each in sorted(ungranted)]
    there = test_requirements.carried("")
    for name in sorted(test_requirements.DIRECT):
        lost = sorted(test_requirements.lost(there - {name}))
        red[f"requirements.txt without {name}"] = [f"test_the_package_carries_what_…: {each}" for each in lost]
    return red


def main() -> int:
    """Print the list; the exit status is 1 if something is noticed by nobody."""
    red = found()
    for kind, names in red.items():
        print(f"{kind:50} {'; '.join(names) or 'NOTICED BY NOBODY'}")
    print("a call that another function may make              tests/deploy: test_each_call_is_granted_and_…")
    return 0 if all(red.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

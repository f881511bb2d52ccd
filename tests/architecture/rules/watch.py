"""Alarms, the budget and the dashboard."""

import json
import re

from chalicelib.adapters.imagery.registry import PROVIDERS
from chalicelib.domain.tile_runs import Verdict
from tests.architecture.rules.book import functions, gone, of_type, put, rule
from tests.support.sources import ROOT

WATCH = "watch/Resources"
NEEDED = {  # what must be noticed: (namespace, metric)
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    ("AWS/SQS", "NumberOfMessagesSent"),
    ("Bhuprahari", "BacklogAgeSeconds"),
    ("Bhuprahari", "SweepRuns"),
    ("Bhuprahari", "OverdueAreas"),
    ("Bhuprahari", "BrokenInvariants"),
    ("Bhuprahari", "ProviderErrors"),
    ("Bhuprahari", "StaleCatalogues"),
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "Throttles"),
    ("AWS/ApiGateway", "5XXError"),
    ("AWS/RDS", "FreeStorageSpace"),
    ("AWS/RDS", "DatabaseConnections"),
    ("AWS/RDS", "CPUUtilization"),
}
OUTPUTS = (
    *("SubnetIds", "SecurityGroupId", "Egress", "NeedsIpv6", "ImagesBucket", "ArtifactsBucket", "AlarmTopicArn"),
    *("CapturesQueue", "ComparisonsQueue", "NotificationsQueue", "UploadsQueue"),
    *("DatabaseEndpoint", "DatabaseName", "DatabaseMasterSecretArn"),
    *("DatabaseUrlSecret", "TokenKeysSecret", "LinkKeySecret", "FirebaseSecret"),
)
OWN = {  # ours, with its dimensions
    "TileRuns": {"Stage", "Verdict"},
    "ProviderErrors": {"Provider", "Stage"},
    "BacklogAgeSeconds": {"Stage"},
    "SessionSeconds": {"Stage"},
    "Pushes": {"Outcome", "Stage"},
    "SweepRuns": {"Stage"},
    "OverdueAreas": {"Stage"},
    "BrokenInvariants": {"Stage"},
    "StaleCatalogues": {"Provider", "Stage"},
}


def alarms(templates):
    return of_type(templates["watch"], "AWS::CloudWatch::Alarm")


def page(templates):
    body = templates["watch"]["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    for widget in json.loads(body)["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], str):
                names = [part for part in metric if isinstance(part, str)]
                yield "Dashboard", names[0], names[1], dict(zip(names[2::2], names[3::2], strict=True))


def watched(templates):
    """Give (alarm, namespace, metric, dimensions) of everything that an alarm looks at."""
    for name, alarm in alarms(templates).items():
        measured = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        for metric in measured or [alarm]:
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            yield name, metric["Namespace"], metric["MetricName"], dimensions


@rule(
    gone(f"{WATCH}/DatabaseBusy"),
    gone(f"{WATCH}/TooManyTiles"),
    gone(f"{WATCH}/ApiErrors"),
    gone(f"{WATCH}/AreasOverdue"),
    gone(f"{WATCH}/InvariantsBroken"),
    gone(f"{WATCH}/StaleCatalogue"),
)
def what_must_be_noticed_has_an_alarm(templates):
    found = {(namespace, metric) for _, namespace, metric, _ in watched(templates)}
    return [f"nobody watches {metric} of {namespace}" for namespace, metric in sorted(NEEDED - found)]


@rule(gone(f"{WATCH}/CapturesDead"), put(f"{WATCH}/ComparisonsDead/Properties/Threshold", 10))
def one_dead_letter_in_any_queue_is_noticed(templates):
    made = {each["QueueName"] for each in of_type(templates["stage"], "AWS::SQS::Queue").values()}
    seen = {
        dimensions["QueueName"]
        for name, _, metric, dimensions in watched(templates)
        if metric == "ApproximateNumberOfMessagesVisible" and alarms(templates)[name]["Threshold"] == 1
    }
    return [f"a message in {name} is not noticed" for name in sorted(made - seen) if name.endswith("-dead")]


@rule(
    gone(f"{WATCH}/NoHeartbeat/Properties/AlarmActions"),
    put(f"{WATCH}/ApiErrors/Properties/ActionsEnabled", value=False),
)
def every_alarm_tells_the_topic(templates):
    return [
        f"{name} tells nobody"
        for name, each in alarms(templates).items()
        if each.get("AlarmActions") != [{"Ref": "Alarms"}] or each.get("ActionsEnabled", True) is not True
    ]


@rule(
    put(f"{WATCH}/ApiErrors/Properties/AlarmDescription", "The API answers 5xx."),
    put(f"{WATCH}/NoHeartbeat/Properties/AlarmDescription", "Playbook docs/playbooks/pulse.md"),
)
def every_alarm_names_its_playbook(templates):
    complaints = []
    for name, alarm in alarms(templates).items():
        book = re.search(r"docs/playbooks/[a-z-]+\.md$", alarm["AlarmDescription"])
        if not (book and (ROOT / book[0]).is_file()):
            complaints.append(f"{name} does not say what to do")
    return complaints


@rule(
    put(f"{WATCH}/NoHeartbeat/Properties/TreatMissingData", "notBreaching"),
    put(f"{WATCH}/NoHeartbeat/Properties/ComparisonOperator", "GreaterThanThreshold"),
    put(f"{WATCH}/NoHeartbeat/Properties/EvaluationPeriods", 60),
)
def silence_is_an_alarm(templates):
    beating = [alarms(templates)[name] for name, _, metric, _ in watched(templates) if metric == "SweepRuns"]
    return [
        "five minutes without reconcile go unnoticed"
        for each in beating
        if each["TreatMissingData"] != "breaching"
        or each["ComparisonOperator"] != "LessThanThreshold"
        or each["Period"] * each["EvaluationPeriods"] > 300
    ]


@rule(
    put(f"{WATCH}/DatabaseFilling/Properties/Dimensions/0/Value", "bhuprahari"),
    put(f"{WATCH}/FunctionErrors/Properties/Metrics/1/MetricStat/Metric/Dimensions/0/Value", "bhuprahari-prod-api"),
    put(f"{WATCH}/BacklogOld/Properties/Dimensions", []),
    put(f"{WATCH}/ProviderDown/Properties/Metrics/1/MetricStat/Metric/Dimensions/0/Value", "bing"),
    put(f"{WATCH}/TooManyTiles/Properties/Dimensions/0/Value", "bhuprahari-dev-captures"),
    put(f"{WATCH}/ApiErrors/Properties/Dimensions/0/Value", "bhuprahari"),
)
def what_is_watched_is_there(templates):
    stage = templates["stage"]
    known = {
        "QueueName": {each["QueueName"] for each in of_type(stage, "AWS::SQS::Queue").values()},
        "DBInstanceIdentifier": {stage["Resources"]["Database"]["Properties"]["DBInstanceIdentifier"]},
        "FunctionName": {each.get("FunctionName") for each in functions(templates).values()} - {None},
        "ApiName": {templates["app"]["Resources"]["RestAPI"]["Properties"]["Name"]},
        "Provider": set(PROVIDERS),
        "Verdict": {verdict.value for verdict in Verdict},
    }
    known["Stage"] = {
        templates["app"]["Resources"]["RestAPI"]["Properties"]["StageName"],
        functions(templates)["Reconcile"]["Environment"]["Variables"]["BHUPRAHARI_STAGE"],
    }
    if len(known["FunctionName"]) < len(functions(templates)):
        return []  # another rule's business
    complaints = []
    for name, namespace, metric, dimensions in [*watched(templates), *page(templates)]:
        if namespace == "Bhuprahari" and set(dimensions) != OWN.get(metric):
            complaints.append(f"{name} looks at {metric} by {sorted(dimensions)}")
        complaints += [
            f"{name} looks at {metric} of {value}, which is not there"
            for key, value in dimensions.items()
            if value not in known[key]
        ]
    return complaints


@rule(
    put(f"{WATCH}/DatabaseConnections/Properties/Threshold", 60),
    put(f"{WATCH}/DatabaseConnections/Properties/Threshold", 10),
)
def the_connections_alarm_is_at_four_fifths(templates):
    gives = int(templates["stage"]["Resources"]["DatabaseParameters"]["Properties"]["Parameters"]["max_connections"])
    taken = int(alarms(templates)["DatabaseConnections"]["Threshold"])
    return [] if taken == gives * 4 // 5 else [f"{gives} connections are there, and the alarm is at {taken}"]


@rule(
    gone("stage/Resources/Budget/Properties/NotificationsWithSubscribers"),
    put("stage/Resources/Budget/Properties/NotificationsWithSubscribers/1/Subscribers", []),
    put("stage/Resources/Budget/Properties/Budget/BudgetLimit/Amount", 0),
)
def money_that_runs_away_is_noticed(templates):
    budget = templates["stage"]["Resources"]["Budget"]["Properties"]
    told = {
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"])
        for each in budget.get("NotificationsWithSubscribers", [])
        if {"SubscriptionType": "SNS", "Address": {"Ref": "Alarms"}} in each["Subscribers"]
    }
    enough = told >= {("ACTUAL", 100), ("FORECASTED", 100)} and budget["Budget"]["BudgetLimit"]["Amount"] > 0
    return [] if enough else ["nobody is told when the budget is spent"]


@rule(
    put("stage/Resources/AlarmsPolicy/Properties/PolicyDocument/Statement/0/Principal", "*"),
    gone("stage/Resources/AlarmsPolicy/Properties/PolicyDocument/Statement/0/Condition"),
    gone("stage/Resources/AlarmsPolicy/Properties/PolicyDocument/Statement/0/Principal/Service/1"),
)
def only_this_accounts_alarms_and_budget_use_the_topic(templates):
    allowed = [
        each
        for each in templates["stage"]["Resources"]["AlarmsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if each["Effect"] == "Allow"
    ]
    who = {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}
    where = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    right = [(each["Principal"], each.get("Condition")) == (who, where) for each in allowed]
    return [] if right == [True] else ["others may write to the topic, or the alarms may not"]


@rule(put("stage/Outputs/SubnetIds", {"Value": ""}), gone("stage/Outputs/ArtifactsBucket"))
def a_deploy_is_told_what_it_asks_for(templates):
    told = templates["stage"]["Outputs"]
    return [f"the output {name} is missing" for name in OUTPUTS if not told.get(name, {}).get("Value")]

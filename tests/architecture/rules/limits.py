"""What a stage is given, and how often it looks: numbers that nothing else would miss until somebody waits."""

import json
import re

from tests.architecture.rules.book import functions, gone, of_type, put, rule
from tests.support.databases.mysql_server import LIKE_PRODUCTION

APP, RESOURCES, WATCH = "app/Resources", "stage/Resources", "watch/Resources"
IMAGES = f"{RESOURCES}/Images/Properties/LifecycleConfiguration/Rules/0"
SECONDS = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600, "day": 86_400, "days": 86_400}
OFTEN_S = {"CaptureAreas": 900, "Reconcile": 60}  # at least: an area's shortest interval is a day, a retry's a minute
QUEUED = {"CaptureTile", "CompareTile", "NotifySession", "IndexUploads", "ImportAreas"}
AT_ONCE = 10  # requests of the API: a page of the console asks for six things at once
MEMORY_MB = {"CaptureTile": 2048, "CompareTile": 2048, "ImportAreas": 2048}  # OpenCV on a tile; a file of parcels
LEAST_MB = 512  # for a CPU share with which a first request is answered in time
IDLE_S = 180  # a connection that a frozen sandbox holds: after a deploy old ones stand beside new ones


def every_s(expression):
    """Say how many seconds lie between two runs of a schedule; a cron's fields of day and month must be open."""
    if found := re.fullmatch(r"rate\((\d+) (\w+)\)", expression):
        return int(found[1]) * SECONDS[found[2]]
    found = re.fullmatch(r"cron\((\S+) (\S+) [*?] \* [*?] \*\)", expression)
    return (int(found[1].partition("/")[2]) * 60 if found and "/" in found[1] else 3600) if found else 10**9


def measured(template, metric):
    """Give the functions whose metric an alarm of Lambda's looks at, by the alarm's name."""
    found = {}
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        for each in [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part]:
            if (each["Namespace"], each["MetricName"]) == ("AWS/Lambda", metric):
                found.setdefault(name, set()).update(part["Value"] for part in each["Dimensions"])
    return found


@rule(
    put(f"{APP}/CaptureAreas/Properties/Events/CaptureAreasEvent/Properties/Schedule", "rate(15 days)"),
    put(f"{APP}/Reconcile/Properties/Events/ReconcileEvent/Properties/Schedule", "rate(1 hour)"),
    put(f"{APP}/CaptureAreas/Properties/Events/CaptureAreasEvent/Properties/Schedule", "cron(0 3 1 * ? *)"),
    gone(f"{APP}/Reconcile/Properties/Events/ReconcileEvent"),
    gone(f"{APP}/CompareTile/Properties/Events/CompareTileSqsEventSource"),
)
def each_function_is_started_as_often_as_its_work_comes(templates):
    complaints = []
    for name, function in functions(templates).items():
        sources = [each for each in function.get("Events", {}).values() if each["Type"] in ("SQS", "Schedule")]
        kinds = sorted(each["Type"] for each in sources)
        wanted = ["SQS"] if name in QUEUED else ["Schedule"] if name in OFTEN_S else []
        if kinds != wanted:
            complaints.append(f"{name} is started by {kinds}, not by {wanted}")
        schedules = [each["Properties"]["Schedule"] for each in sources if each["Type"] == "Schedule"]
        complaints += [f"{name} runs {each}" for each in schedules if every_s(each) > OFTEN_S.get(name, 0)]
    return complaints


@rule(
    put(f"{APP}/APIHandler/Properties/ReservedConcurrentExecutions", 1),
    put(f"{APP}/CaptureTile/Properties/MemorySize", 256),
    put(f"{APP}/Reconcile/Properties/MemorySize", 128),
)
def a_function_has_what_its_work_takes(templates):
    complaints = [
        f"{name} has {each['MemorySize']} MB"
        for name, each in functions(templates).items()
        if each["MemorySize"] < MEMORY_MB.get(name, LEAST_MB)
    ]
    at_once = functions(templates)["APIHandler"].get("ReservedConcurrentExecutions") or 0
    return complaints if at_once >= AT_ONCE else [*complaints, f"the API answers {at_once} requests at once"]


@rule(
    put(f"{RESOURCES}/DatabaseParameters/Properties/Parameters/wait_timeout", "28800"),
    gone(f"{RESOURCES}/DatabaseParameters/Properties/Parameters/wait_timeout"),
)
def a_frozen_sandbox_gives_its_connection_back(templates):
    settled = templates["stage"]["Resources"]["DatabaseParameters"]["Properties"]["Parameters"]
    after = int(settled.get("wait_timeout", 28_800))
    return [] if 120 < after <= IDLE_S else [f"the database keeps an idle connection for {after} s"]


def option(name, value):
    """Say what is set on a database as a server's option says it."""
    written = {("time_zone", "UTC"): "+00:00"}.get((name, value), value)
    return f"--{'default-' if name == 'time_zone' else ''}{name.replace('_', '-')}={written}"


@rule(
    *(
        put(f"{RESOURCES}/DatabaseParameters/Properties/Parameters/{name}", value)
        for name, value in (
            ("transaction_isolation", "REPEATABLE-READ"),
            ("sql_mode", "NO_ENGINE_SUBSTITUTION"),
            ("character_set_server", "latin1"),
            ("time_zone", "Asia/Kolkata"),
        )
    ),
    gone(f"{RESOURCES}/DatabaseParameters/Properties/Parameters/sql_mode"),
)
def the_database_is_set_as_the_one_that_was_tested(templates):
    settled = templates["stage"]["Resources"]["DatabaseParameters"]["Properties"]["Parameters"]
    said = {frozenset(re.split("[=,]", option(name, value))) for name, value in settled.items()}
    return [f"{each} was tested" for each in LIKE_PRODUCTION if frozenset(re.split("[=,]", each)) not in said]


@rule(
    put(f"{IMAGES}/ExpirationInDays", 1),
    put(f"{RESOURCES}/Archive/Properties/LifecycleConfiguration/Rules/1/ExpirationInDays", 365),
    put(f"{IMAGES}/ExpirationDate", "2027-01-01T00:00:00Z"),
    put(f"{IMAGES}/Transitions", [{"StorageClass": "GLACIER", "TransitionInDays": 30}]),
)
def no_picture_goes_by_itself(templates):
    """The rows say when an image goes, and `reconcile` deletes it; what went to an archive class cannot be compared."""
    ends = {"ExpirationInDays", "ExpirationDate", "Transitions", "Transition"}
    return [
        f"{name} loses its pictures by {sorted(ends & set(each))}"
        for name in ("Images", "Archive")
        if name in templates["stage"]["Resources"]
        for each in templates["stage"]["Resources"][name]["Properties"].get("LifecycleConfiguration", {"Rules": []})[
            "Rules"
        ]
        if ends & set(each)
    ]


@rule(
    gone(f"{RESOURCES}/S3Endpoint/Properties/PolicyDocument/Statement/0/Action/2"),
    put(f"{RESOURCES}/S3Endpoint/Properties/PolicyDocument/Statement/0/Action", ["s3:*"]),
    put(
        f"{RESOURCES}/S3Endpoint/Properties/PolicyDocument/Statement/0/Resource",
        ["arn:aws:s3:::bhuprahari-prod-images"],
    ),
    put(f"{RESOURCES}/S3Endpoint/Properties/PolicyDocument/Statement/0/Effect", "Deny"),
)
def the_networks_way_to_s3_lets_through_what_the_functions_may_and_no_more(templates):
    """Two policies stand between a function and a bucket, and both must allow."""
    needs = {
        (action, arn)
        for role in of_type(templates["app"], "AWS::IAM::Role").values()
        for document in role["Policies"]
        for each in document["PolicyDocument"]["Statement"]
        if each["Effect"] == "Allow"
        for action in each["Action"]
        if action.startswith("s3:")
        for arn in each["Resource"]
    }
    lets = [
        (action, re.escape(arn).replace(r"\*", ".*"))
        for door in of_type(templates["stage"], "AWS::EC2::VPCEndpoint").values()
        for each in door["PolicyDocument"]["Statement"]
        if each["Effect"] == "Allow"
        for action in each["Action"]
        for arn in each["Resource"]
    ]
    if not lets and not of_type(templates["stage"], "AWS::EC2::VPCEndpoint"):
        return []  # another rule's business
    shut = sorted(need for need in needs if not any(need[0] == act and re.fullmatch(arn, need[1]) for act, arn in lets))
    wide = sorted({action for action, _ in lets} - {action for action, _ in needs})
    return [f"{action} on {arn} stops at the endpoint" for action, arn in shut] + [
        f"{each} is let through" for each in wide
    ]


@rule(
    gone(f"{WATCH}/FunctionErrors/Properties/Metrics/2"),
    gone(f"{WATCH}/FunctionErrors/Properties/Metrics/8"),
    put(f"{WATCH}/FunctionErrors/Properties/Metrics/0/Expression", "SUM([FILL(m0,0),FILL(m2,0)])"),
    gone(f"{WATCH}/CaptureTickFails"),
    put(f"{WATCH}/ReconcileTickFails/Properties/TreatMissingData", "notBreaching"),
    put(f"{WATCH}/CaptureTickFails/Properties/Threshold", 101),
)
def every_function_that_fails_is_noticed(templates):
    """Each function's errors are in the sum; a tick, which fails twice at most in five minutes, has its own alarm."""
    deployed = {name: each.get("FunctionName") for name, each in functions(templates).items()}
    if None in deployed.values():
        return []  # another rule's business
    found, alarms = measured(templates["watch"], "Errors"), of_type(templates["watch"], "AWS::CloudWatch::Alarm")
    errors = alarms["FunctionErrors"]["Metrics"]
    summed = {each["Id"] for each in errors if each["Id"] in re.findall(r"\bm\d+\b", errors[0]["Expression"])}
    names = {
        part["Value"]
        for each in errors[1:]
        if each["Id"] in summed
        for part in each["MetricStat"]["Metric"]["Dimensions"]
        if part["Value"].startswith(deployed["APIHandler"])
    }
    if found.get("FunctionErrors", set()) - set(deployed.values()):
        return []  # it looks at what is not there: another rule's business
    complaints = [f"{name}'s errors are not in the alarm" for name, own in deployed.items() if own not in names]
    for name in OFTEN_S:
        its = [
            each
            for alarm, each in alarms.items()
            if found.get(alarm) == {deployed[name]}
            and each["Threshold"] <= 100
            and each["TreatMissingData"] == "breaching"
            and "Invocations" in json.dumps(each["Metrics"])
        ]
        complaints += [] if its else [f"{name} may fail at every run, or not run, and nobody is told"]
    return complaints


@rule(
    gone(f"{WATCH}/QueueOld/Properties/Metrics/2"),
    put(f"{WATCH}/QueueOld/Properties/Threshold", 1_209_600),
    gone(f"{WATCH}/QueueOld"),
)
def a_message_that_nobody_takes_is_noticed(templates):
    """The outbox's own backlog ends where SQS has the message."""
    live = {
        each["QueueName"]
        for name, each in of_type(templates["stage"], "AWS::SQS::Queue").items()
        if not name.endswith("Dead")
    }
    seen = set()
    for alarm in of_type(templates["watch"], "AWS::CloudWatch::Alarm").values():
        for each in [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part]:
            if each["MetricName"] == "ApproximateAgeOfOldestMessage" and int(alarm["Threshold"]) <= 3600:
                seen |= {part["Value"] for part in each["Dimensions"]}
    return [f"a message may lie in {name} for ever" for name in sorted(live - seen)]

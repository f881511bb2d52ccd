"""An alarm that is there rings; and what is kept for some days is."""

import re

from tests.architecture.rules.book import functions, gone, of_type, put, rule
from tests.architecture.rules.limits import QUEUED

APP, RESOURCES, WATCH = "app/Resources", "stage/Resources", "watch/Resources"
MORE = {  # rings above: the threshold at most; None: another rule's business
    **dict.fromkeys(("CapturesDead", "ComparisonsDead", "NotificationsDead", "ImportsDead", "UploadsDead")),
    **dict.fromkeys(("QueueOld", "CaptureTickFails", "ReconcileTickFails", "DatabaseConnections")),
    **dict.fromkeys(("AreasOverdue", "InvariantsBroken", "StaleCatalogue"), 1),
    **dict.fromkeys(("FunctionErrors", "FunctionThrottles", "ApiErrors", "ProviderDown"), 10),
    "BacklogOld": 3600,
    "TooManyTiles": 100_000,
    "DatabaseBusy": 95,
}
LESS = {"DatabaseFilling": 2 << 30}  # rings below: the threshold at least
WAITS_S = 1800  # until it rings, at most, but for what is looked at by the day
BY_THE_DAY = {"InvariantsBroken", "StaleCatalogue", "TooManyTiles"}
LEAST_S = {"CaptureTile": 110, "CompareTile": 110, "NotifySession": 110, "IndexUploads": 110, "ImportAreas": 590}
LEAST_S |= {"CaptureAreas": 60, "Reconcile": 60, "Migrate": 300, "Operate": 60, "APIHandler": 29}
DAY_S = 86_400


def alarms(templates):
    return of_type(templates["watch"], "AWS::CloudWatch::Alarm")


@rule(
    put(f"{WATCH}/QueueOld/Properties/Metrics/0/Expression", "MAX([FILL(m0,0),FILL(m1,0),FILL(m2,0),FILL(m3,0)])"),
    put(f"{WATCH}/FunctionThrottles/Properties/Metrics/0/Expression", "SUM([FILL(m0,0)])"),
    put(f"{WATCH}/ImportsDead/Properties/Metrics/0/Expression", "FILL(taken,0)"),
    put(f"{WATCH}/ProviderDown/Properties/Metrics/0/Expression", "SUM([FILL(m0,0),FILL(m1,0)])"),
)
def an_alarm_reads_all_that_it_is_given(templates):
    complaints = []
    for name, alarm in alarms(templates).items():
        shown = " ".join(each.get("Expression", "") for each in alarm.get("Metrics", []))
        unread = {each["Id"] for each in alarm.get("Metrics", []) if "MetricStat" in each} - set(
            re.findall(r"\w+", shown)
        )
        if unread and name != "FunctionErrors":  # another rule's business
            complaints.append(f"{name} does not read {sorted(unread)}")
    return complaints


@rule(
    put(f"{WATCH}/FunctionErrors/Properties/Threshold", 3000),
    put(f"{WATCH}/ApiErrors/Properties/ComparisonOperator", "LessThanThreshold"),
    put(f"{WATCH}/DatabaseFilling/Properties/ComparisonOperator", "GreaterThanThreshold"),
    put(f"{WATCH}/DatabaseFilling/Properties/Threshold", 1000),
    put(f"{WATCH}/DatabaseBusy/Properties/Threshold", 100),
    put(f"{WATCH}/AreasOverdue/Properties/Threshold", 1000),
    put(f"{WATCH}/InvariantsBroken/Properties/DatapointsToAlarm", 24),
    put(f"{WATCH}/ApiErrors/Properties/EvaluationPeriods", 100),
    put("watch/Parameters/TilesPerDay/Default", 10**9),
    put("watch/Parameters/BacklogSeconds/Default", 10**7),
)
def an_alarm_rings_in_time(templates):
    """Each alarm of the template is in one of the tables: a new one too."""
    complaints = []
    for name, alarm in alarms(templates).items():
        if name == "NoHeartbeat":
            continue  # another rule's business
        is_above, bound = name in MORE, MORE.get(name) or LESS.get(name)
        if name not in MORE and name not in LESS:
            complaints.append(f"nobody says when {name} should ring")
        if alarm["ComparisonOperator"].startswith("Greater") != is_above:
            complaints.append(f"{name} rings the other way round")
        at = _number(templates, alarm["Threshold"])
        if bound is not None and (at > bound if is_above else at < bound):
            complaints.append(f"{name} rings at {at}")
        periods = [each["MetricStat"]["Period"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        waits = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) * max([*periods, alarm.get("Period", 0)])
        if waits > (DAY_S if name in BY_THE_DAY else WAITS_S) or (name == "InvariantsBroken" and waits > 3600):
            complaints.append(f"{name} rings after {waits} s")
    for name in ("TilesPerDay", "BacklogSeconds"):
        most = MORE["TooManyTiles" if name == "TilesPerDay" else "BacklogOld"]
        if int(templates["watch"]["Parameters"][name]["Default"]) > most:
            complaints.append(f"{name} is more than {most} where nobody says it")
    return complaints


def _number(templates, said):
    return float(templates["watch"]["Parameters"][said["Ref"]]["Default"] if isinstance(said, dict) else said)


@rule(gone(f"{WATCH}/FunctionThrottles/Properties/Metrics/6"), gone(f"{WATCH}/FunctionThrottles/Properties/Metrics/1"))
def a_function_that_is_refused_its_turn_is_noticed(templates):
    """Of those that people or queues start; one that the clock starts has an alarm on its runs."""
    own = {name: each.get("FunctionName") for name, each in functions(templates).items()}
    metrics = alarms(templates).get("FunctionThrottles", {}).get("Metrics", [])
    seen = {part["Value"] for each in metrics[1:] for part in each["MetricStat"]["Metric"]["Dimensions"]}
    if not metrics or None in own.values():
        return []  # another rule's business
    return [f"nobody hears that {name} is refused" for name in sorted({*QUEUED, "APIHandler"}) if own[name] not in seen]


@rule(put(f"{APP}/ImportAreas/Properties/Timeout", 30), put(f"{APP}/CompareTile/Properties/Timeout", 10))
def a_function_has_the_time_that_its_work_takes(templates):
    return [
        f"{name} ends after {each['Timeout']} s"
        for name, each in functions(templates).items()
        if each["Timeout"] < LEAST_S[name]
    ]


@rule(put(f"{RESOURCES}/Imports/Properties/MessageRetentionPeriod", 60))
def a_message_waits_for_days(templates):
    """Nobody works while a release is mended; what SQS forgot is sent again by `reconcile` alone, tile by tile."""
    return [
        f"{name} forgets a message after {each['MessageRetentionPeriod']} s"
        for name, each in of_type(templates["stage"], "AWS::SQS::Queue").items()
        if each["MessageRetentionPeriod"] < 4 * DAY_S
    ]


@rule(
    put(f"{RESOURCES}/Images/Properties/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NoncurrentDays", 1),
)
def what_was_deleted_can_be_fetched_back_for_a_month(templates):
    """docs/restore.md takes the marks of deletion away."""
    return [
        f"{name} forgets a version after {days} days"
        for name, each in of_type(templates["stage"], "AWS::S3::Bucket").items()
        for one in each.get("LifecycleConfiguration", {"Rules": []})["Rules"]
        for days in [one.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays", 30)]
        if days < 30
    ]


@rule(put(f"{RESOURCES}/ImportAreasLog/Properties/RetentionInDays", 1))
def a_log_is_kept_for_weeks(templates):
    found = of_type(templates["stage"], "AWS::Logs::LogGroup").items()
    return [f"{name} forgets in days" for name, each in found if each.get("RetentionInDays", 30) < 14]


@rule(put("app/Parameters/RequestsPerSecond/Default", 1))
def the_api_lets_a_page_of_the_console_through(templates):
    default = templates["app"]["Parameters"]["RequestsPerSecond"]["Default"]
    return [] if default >= 20 else [f"{default} requests a second are let through, of all people"]

"""What each alarm measures and whether it is heard: of another metric, or of its other end, it is as good as none."""

from tests.architecture.rules.book import gone, of_type, put, rule

TOPIC = "stage/Resources/AlarmsPolicy/Properties/PolicyDocument/Statement"
WATCH = "watch/Resources"
DIMENSIONS = {  # of AWS's own; `watch` knows ours
    "AWS/ApiGateway": {"ApiName", "Stage"},
    "AWS/Lambda": {"FunctionName"},
    "AWS/RDS": {"DBInstanceIdentifier"},
    "AWS/SQS": {"QueueName"},
}
DEAD = {"AWS/SQS ApproximateNumberOfMessagesVisible Maximum", "AWS/SQS NumberOfMessagesReceived Sum"}
TICK = {"AWS/Lambda Errors Sum", "AWS/Lambda Invocations Sum"}
MEASURED = {
    **dict.fromkeys(("CapturesDead", "ComparisonsDead", "NotificationsDead", "ImportsDead", "UploadsDead"), DEAD),
    **dict.fromkeys(("CaptureTickFails", "ReconcileTickFails"), TICK),
    "ApiErrors": {"AWS/ApiGateway 5XXError Sum"},
    "AreasOverdue": {"Bhuprahari OverdueAreas Minimum"},  # of five minutes: overdue all the time
    "BacklogOld": {"Bhuprahari BacklogAgeSeconds Maximum"},
    "DatabaseBusy": {"AWS/RDS CPUUtilization Average"},
    "DatabaseConnections": {"AWS/RDS DatabaseConnections Maximum"},
    "DatabaseFilling": {"AWS/RDS FreeStorageSpace Minimum"},
    "FunctionErrors": {"AWS/Lambda Errors Sum"},
    "FunctionThrottles": {"AWS/Lambda Throttles Sum"},
    "InvariantsBroken": {"Bhuprahari BrokenInvariants Maximum"},
    "NoHeartbeat": {"Bhuprahari SweepRuns Sum"},
    "ProviderDown": {"Bhuprahari ProviderErrors Sum"},
    "QueueOld": {"AWS/SQS ApproximateAgeOfOldestMessage Maximum"},
    "StaleCatalogue": {"Bhuprahari StaleCatalogues Sum"},
    "TooManyTiles": {"AWS/SQS NumberOfMessagesSent Sum"},
}


def measures(alarm):
    """Give the metrics of an alarm, each with its statistic."""
    parts = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return [(each["Metric"], each["Stat"]) for each in parts] or [(alarm, alarm.get("Statistic"))]


@rule(
    put(f"{WATCH}/FunctionErrors/Properties/Metrics/3/MetricStat/Metric/MetricName", "Duration"),
    put(f"{WATCH}/FunctionThrottles/Properties/Metrics/1/MetricStat/Metric/Namespace", "AWS/SQS"),
    put(f"{WATCH}/FunctionErrors/Properties/Metrics/3/MetricStat/Stat", "Minimum"),
    put(f"{WATCH}/DatabaseBusy/Properties/Statistic", "Minimum"),
    put(f"{WATCH}/DatabaseBusy/Properties/Dimensions", []),
    put(f"{WATCH}/CapturesDead/Properties/Metrics/2/MetricStat/Metric/MetricName", "NumberOfMessagesDeleted"),
)
def an_alarm_measures_what_it_is_named_for(templates):
    complaints = []
    for name, alarm in of_type(templates["watch"], "AWS::CloudWatch::Alarm").items():
        found = {f"{metric['Namespace']} {metric['MetricName']} {statistic}" for metric, statistic in measures(alarm)}
        if found != MEASURED.get(name):
            complaints.append(f"{name} measures {sorted(found)}")
        complaints += [
            f"{name} measures {metric['MetricName']} of {sorted(named)}"
            for metric, _ in measures(alarm)
            if (named := {each["Name"] for each in metric["Dimensions"]}) != DIMENSIONS.get(metric["Namespace"], named)
        ]
    return complaints


@rule(gone(f"{TOPIC}/1/Condition"), put(f"{TOPIC}/1/Condition/Bool/aws:SecureTransport", "true"))
def the_topic_of_the_alarms_refuses_plain_http_alone(templates):
    policy = templates["stage"]["Resources"]["AlarmsPolicy"]["Properties"]["PolicyDocument"]
    refused = [each.get("Condition") for each in policy["Statement"] if each["Effect"] == "Deny"]
    right = refused == [{"Bool": {"aws:SecureTransport": "false"}}]
    return [] if right else [f"the topic refuses alarms under {refused}"]

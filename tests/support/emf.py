"""What CloudWatch demands of a log line with metrics in it: the rules of the published JSON schema and specification.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

UNITS = {"Seconds", "Count", "None", "Milliseconds", "Bytes", "Percent"}


def faults(line):
    """Name what is wrong with a parsed log line as an EMF document; nothing, if CloudWatch would take it."""
    if not isinstance(line, dict):
        return ["the line is no JSON object"]
    meta = line.get("_aws")
    if not isinstance(meta, dict):
        return ["_aws is missing"]
    found = []
    if type(meta.get("Timestamp")) is not int:
        found.append("Timestamp is no whole number of milliseconds")
    directives = meta.get("CloudWatchMetrics")
    if not isinstance(directives, list):
        return [*found, "CloudWatchMetrics is no list"]
    for directive in directives:
        found += _faults_of(directive, line)
    return found


def _faults_of(directive, line):
    found = []
    if not _is_text(directive.get("Namespace"), 1024):
        found.append("Namespace must have 1 to 1024 characters")
    sets = directive.get("Dimensions")
    if not isinstance(sets, list) or not sets:
        found.append("Dimensions must be a list with a list in it")
    for names in sets or []:
        if len(names) > 30:
            found.append("a dimension set has 30 members at most")
        wrong = [name for name in names if not _is_text(name, 250) or not _is_text(line.get(name), 1024)]
        found += [f"the dimension {name} must be a text of 1 to 1024 characters at the root" for name in wrong]
    return found + _faults_of_metrics(directive, line)


def _faults_of_metrics(directive, line):
    found = []
    metrics = directive.get("Metrics")
    if not isinstance(metrics, list) or not 1 <= len(metrics) <= 100:
        found.append("Metrics must be a list of 1 to 100")
    for metric in metrics or []:
        value = line.get(metric.get("Name"))
        if not _is_text(metric.get("Name"), 1024) or isinstance(value, bool) or not isinstance(value, int | float):
            found.append(f"the metric {metric.get('Name')} must be a number at the root")
        if metric.get("Unit", "None") not in UNITS:
            found.append(f"{metric['Unit']} is no unit")
        if metric.get("StorageResolution", 60) not in (1, 60):
            found.append("StorageResolution is 1 or 60")
    return found


def _is_text(value, longest):
    return isinstance(value, str) and 1 <= len(value) <= longest


def metrics_of(lines):
    """Give every (metric, dimensions, value) that CloudWatch would read out of parsed log lines."""
    return [
        (metric["Name"], {name: line[name] for name in names}, line[metric["Name"]])
        for line in lines
        if "_aws" in line
        for directive in line["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]
        for metric in directive["Metrics"]
    ]

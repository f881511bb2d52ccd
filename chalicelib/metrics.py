"""CloudWatch metrics: the events that are counted, as the embedded metric format (EMF) wants them in a log line.

CloudWatch reads the numbers out of the functions' logs by itself: no call, no permission, no agent. At home it is the
same line in the log file. The format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.domain import events

NAMESPACE = "Bhuprahari"


class Metric(NamedTuple):
    """One metric of an event. Without `field` it counts the event itself."""

    name: str
    unit: str = "Count"
    field: str | None = None  # the event's member with the number
    dimension: str | None = None  # beside Stage: named after a member, `verdict` is Verdict


METRICS: Mapping[str, tuple[Metric, ...]] = {
    events.TILE_RUN_ENDED: (
        Metric("TileRuns", dimension="verdict"),
        Metric("ProviderErrors", dimension="provider"),  # the member is there only where the provider failed
    ),
    events.CATALOGUE_STALE: (Metric("StaleCatalogues", dimension="provider"),),
    events.SESSION_ENDED: (Metric("SessionSeconds", unit="Seconds", field="seconds"),),
    events.PUSHES_RECORDED: (Metric("Pushes", field="pushes", dimension="outcome"),),
    events.PART_VERIFIED: (Metric("BrokenInvariants", field="broken"),),
    events.RECONCILE_DONE: (
        Metric("SweepRuns"),
        Metric("BacklogAgeSeconds", unit="Seconds", field="backlog_age_s"),
        Metric("OverdueAreas", field="overdue_areas"),
    ),
}


def embedded(event: str, about: Mapping[str, Any], *, stage: str, at_ms: int) -> dict[str, Any]:
    """Return the members that make an event's log line a metric, or none for one that is not counted.

    >>> line = embedded("sweep done", {"backlog_age_s": 3.0}, stage="dev", at_ms=0)
    >>> {name: line[name] for name in ("Stage", "SweepRuns", "BacklogAgeSeconds")}
    {'Stage': 'dev', 'SweepRuns': 1, 'BacklogAgeSeconds': 3.0}
    """
    directives: list[dict[str, Any]] = []
    members: dict[str, Any] = {"Stage": stage}
    for metric in METRICS.get(event, ()):
        if (metric.dimension and metric.dimension not in about) or (metric.field and metric.field not in about):
            continue
        dimensions = ["Stage"]
        if metric.dimension:
            dimensions.append(metric.dimension.capitalize())
            members[metric.dimension.capitalize()] = str(about[metric.dimension])
        members[metric.name] = about[metric.field] if metric.field else 1
        directives.append(
            {
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
                "Metrics": [{"Name": metric.name, "Unit": metric.unit}],
            }
        )
    if not directives:
        return {}
    return {"_aws": {"Timestamp": at_ms, "CloudWatchMetrics": directives}, **members}

"""Writes watch.yaml's alarm on providers, a metric for each of the registry: python -m infra.aws.provider_alarm.

An alarm of CloudWatch cannot search for its metrics, as a dashboard can: each has to be named.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from chalicelib.adapters.imagery.registry import PROVIDERS

PLACE = Path(__file__).with_name("watch.yaml")
BEGIN = "      Metrics: # of each provider in the registry, by python -m infra.aws.provider_alarm\n"
END = "      EvaluationPeriods:"
STATISTIC = "Stat: Sum, Period: 300, Metric: {Namespace: Bhuprahari, MetricName: ProviderErrors, Dimensions: "


def text(watch: str, providers: Iterable[str] = PROVIDERS) -> str:
    """Return the template with one metric for each provider."""
    before, begin, rest = watch.partition(BEGIN)
    _, end, after = rest.partition(END)
    names = sorted(providers)
    errors = ",".join(f"FILL(m{number},0)" for number in range(len(names)))
    lines = [f'        - {{Id: all, Label: errors, ReturnData: true, Expression: "SUM([{errors}])"}}\n']
    for number, name in enumerate(names):
        dimensions = f"[{{Name: Provider, Value: {name}}}, {{Name: Stage, Value: !Ref Stage}}]"
        measured = f"{{{STATISTIC}{dimensions}}}}}"
        lines.append(f"        - {{Id: m{number}, ReturnData: false, MetricStat: {measured}}}\n")
    return f"{before}{begin}{''.join(lines)}{end}{after}"


if __name__ == "__main__":
    PLACE.write_text(text(PLACE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write("wrote infra/aws/watch.yaml\n")

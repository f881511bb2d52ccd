"""What a stage costs a month: python -m infra.aws.cost. Prices and assumptions are data, and are printed with the sums.

The prices are us-east-1's list prices as known in November 2026: check them before you rely on a sum.
"""

from __future__ import annotations

from dataclasses import dataclass

HOURS, DAYS = 730, 30.4
PRICES = {  # USD
    "db.t4g.micro, an hour": 0.016,
    "db.t4g.small, an hour": 0.032,
    "db.t4g.medium, an hour": 0.065,
    "db.t4g.large, an hour": 0.129,
    "database storage gp3, a GB and month": 0.115,
    "secret, a month": 0.40,
    "secret read, 10,000": 0.05,
    "NAT gateway, an hour": 0.045,
    "NAT gateway, a GB": 0.045,
    "t4g.nano, an hour": 0.0042,
    "disk gp3, a GB and month": 0.08,
    "public IPv4 address, an hour": 0.005,
    "Lambda arm64, a GB and second": 0.0000133334,
    "Lambda, a million calls": 0.20,
    "API Gateway REST, a million requests": 3.50,
    "SQS, a million requests": 0.40,
    "S3, a GB and month": 0.023,
    "S3, 1,000 writes": 0.005,
    "S3, 1,000 reads": 0.0004,
    "logs taken in, a GB": 0.50,
    "logs kept, a GB and month": 0.03,
    "alarm, a month": 0.10,
    "metric of our own, a month": 0.30,
    "traces, a million": 5.00,
    "traffic to the internet, a GB": 0.09,
}
FREE = {  # of the account and month, and not only in its first year
    "Lambda calls": 1e6,
    "Lambda GB-seconds": 400_000,
    "SQS requests": 1e6,
    "alarms": 10,
    "metrics": 10,
    "traces": 100_000,
    "logs GB": 5,
    "traffic GB": 100,
}
ASSUMED = {  # none of it has been measured on AWS
    "ms of a capture at 2 GB": 1500,
    "ms of a comparison at 2 GB": 1500,
    "ms of a notification at 0.5 GB": 500,
    "ms of a run of reconcile, and of a look for due areas, at 0.5 GB": 300,
    "ms of an API request at 0.5 GB": 100,
    "tiles of a session": 25,
    "API requests a day for each tile a day, and 1,000": 2,
    "MB of pictures kept for a tile and day": 0.4,
    "MB of pictures looked at for a tile and day": 0.2,
    "KB of logs of a call": 2,
    "KB of rows of a tile and day": 2,
    "polls a day of each of the three queues when idle": 21_600,
    "days of pictures and rows kept": 365,
    "share of calls traced": 0.05,
}
RECONCILIATIONS, LOOKS = 1440, 288  # a day: every minute, and every 5 minutes
ALARM_METRICS, SECRETS, OWN_METRICS = 36, 5, {"idle": 3, "busy": 15}  # of watch.yaml; with RDS's own; of a month
EGRESS = ("ipv6", "nat-instance", "nat-gateway")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sum: what, of how much, and USD a month."""

    what: str
    how: str
    usd: float


def over(amount: float, free: str) -> float:
    """Return the amount that is over the free one."""
    return max(0.0, amount - FREE[free])


def egress(way: str, gb: float) -> list[Line]:
    """Price the way out of the network. `gb` a month go through it; images do not, S3 has its own endpoint."""
    if way == "ipv6":
        return [Line("egress-only gateway", "free", 0.0)]
    address = Line("public IPv4 address", f"{HOURS} h", HOURS * PRICES["public IPv4 address, an hour"])
    if way == "nat-instance":
        machine = HOURS * PRICES["t4g.nano, an hour"]
        disk = 8 * PRICES["disk gp3, a GB and month"]
        return [Line("NAT instance t4g.nano", f"{HOURS} h", machine), Line("its disk", "8 GB", disk), address]
    hours = HOURS * PRICES["NAT gateway, an hour"] + gb * PRICES["NAT gateway, a GB"]
    return [Line("NAT gateway", f"{HOURS} h, {gb:.0f} GB", hours), address]


def database(tiles: int) -> list[Line]:
    """Price the database that so many tiles a day are taken to need."""
    kind = "db.t4g.micro" if tiles <= 1_000 else "db.t4g.medium"
    rows = tiles * ASSUMED["KB of rows of a tile and day"] * ASSUMED["days of pictures and rows kept"] / 1e6
    gb = max(20, round(2 * rows, -1))
    storage = gb * PRICES["database storage gp3, a GB and month"]
    return [
        Line(f"MySQL {kind}", f"{HOURS} h, one zone", HOURS * PRICES[f"{kind}, an hour"]),
        Line("its storage, with its backups", f"{gb} GB gp3", storage),
    ]


def stage(tiles: int = 0, way: str = "ipv6") -> list[Line]:
    """Price a whole stage in which so many tiles a day are captured and compared; 0 is a stage that idles."""
    sessions = tiles / ASSUMED["tiles of a session"]
    asked = tiles * ASSUMED["API requests a day for each tile a day, and 1,000"] + (1000 if tiles else 0)
    fast = tiles * (ASSUMED["ms of a capture at 2 GB"] + ASSUMED["ms of a comparison at 2 GB"]) * 2
    slow = sessions * ASSUMED["ms of a notification at 0.5 GB"] + asked * ASSUMED["ms of an API request at 0.5 GB"]
    slow += (RECONCILIATIONS + LOOKS) * ASSUMED["ms of a run of reconcile, and of a look for due areas, at 0.5 GB"]
    seconds = DAYS * (fast + slow / 2) / 1000
    calls = DAYS * (2 * tiles + sessions + asked + RECONCILIATIONS + LOOKS)
    # a dead-letter queue is looked into by each reconciliation; a job is sent, received and deleted
    polls = 3 * ASSUMED["polls a day of each of the three queues when idle"]
    messages = DAYS * (polls + 3 * RECONCILIATIONS + 3 * (2 * tiles + sessions))
    logs = calls * ASSUMED["KB of logs of a call"] / 1e6
    kept = tiles * ASSUMED["MB of pictures kept for a tile and day"] * ASSUMED["days of pictures and rows kept"] / 1000
    seen = DAYS * tiles * ASSUMED["MB of pictures looked at for a tile and day"] / 1000
    traces = over(calls * ASSUMED["share of calls traced"] + DAYS * (RECONCILIATIONS + LOOKS), "traces")
    metrics = OWN_METRICS["busy" if tiles else "idle"]
    writes, reads = DAYS * tiles * 2, DAYS * tiles * 4
    lambdas = over(calls, "Lambda calls") / 1e6 * PRICES["Lambda, a million calls"]
    lambdas += over(seconds, "Lambda GB-seconds") * PRICES["Lambda arm64, a GB and second"]
    pictures = kept * PRICES["S3, a GB and month"]
    pictures += writes / 1000 * PRICES["S3, 1,000 writes"] + reads / 1000 * PRICES["S3, 1,000 reads"]
    written = over(logs, "logs GB")
    secrets = SECRETS * PRICES["secret, a month"] + calls / 50 / 1e4 * PRICES["secret read, 10,000"]
    requests = DAYS * asked / 1e6
    queued = over(messages, "SQS requests") / 1e6 * PRICES["SQS, a million requests"]
    return [
        *database(tiles),
        *egress(way, logs),
        Line("secrets", f"{SECRETS}", secrets),
        Line("Lambda", f"{calls / 1e6:.2f} M calls, {seconds:,.0f} GB-s", lambdas),
        Line("API Gateway", f"{requests:.2f} M", requests * PRICES["API Gateway REST, a million requests"]),
        Line("SQS", f"{messages / 1e6:.2f} M", queued),
        Line("EventBridge", f"{DAYS * (RECONCILIATIONS + LOOKS):,.0f} starts", 0.0),
        Line("pictures in S3 after a year", f"{kept:,.0f} GB", pictures),
        Line("traffic", f"{seen:,.0f} GB", over(seen, "traffic GB") * PRICES["traffic to the internet, a GB"]),
        Line("logs", f"{logs:.1f} GB", written * (PRICES["logs taken in, a GB"] + PRICES["logs kept, a GB and month"])),
        Line("traces", f"{traces:,.0f} over the free ones", traces / 1e6 * PRICES["traces, a million"]),
        Line("alarms", f"{ALARM_METRICS} metrics", over(ALARM_METRICS, "alarms") * PRICES["alarm, a month"]),
        Line("metrics of our own", f"{metrics}", over(metrics, "metrics") * PRICES["metric of our own, a month"]),
        Line("budget, dashboard, certificate", "the first are free", 0.0),
    ]


def total(lines: list[Line]) -> float:
    """Return the sum, USD a month."""
    return sum(line.usd for line in lines)


def report() -> str:
    """Return the tables of docs/costs.md."""
    rows = ["### A whole stage that idles, over ipv6", "", "| what | of | USD a month |", "|---|---|---:|"]
    idle = stage()
    rows += [f"| {line.what} | {line.how} | {line.usd:.2f} |" for line in idle]
    rows += [f"| **sum** | | **{total(idle):.2f}** |", ""]
    ways = ", ".join(f"{way} {total(stage(way=way)):.2f}" for way in EGRESS)
    rows += [f"By its way out: {ways}.", "", "### By tiles a day, over ipv6", ""]
    sums = {tiles: stage(tiles) for tiles in (10, 1_000, 100_000)}
    rows += ["| USD a month | " + " | ".join(f"{tiles:,}" for tiles in sums) + " |", "|---|---:|---:|---:|"]
    for lines in zip(*sums.values(), strict=True):
        name = "MySQL" if lines[0].what.startswith("MySQL") else lines[0].what
        rows.append(f"| {name} | " + " | ".join(f"{line.usd:,.2f}" for line in lines) + " |")
    rows.append("| **sum** | " + " | ".join(f"**{total(lines):,.2f}**" for lines in sums.values()) + " |")
    each = " | ".join(f"{total(lines) / DAYS / tiles * 1000:,.2f}" for tiles, lines in sums.items())
    rows += [f"| 1,000 tiles cost | {each} |", "", "### Assumed", ""]
    rows += [f"- {name}: {amount:,}" for name, amount in ASSUMED.items()]
    rows += ["", "### Prices, USD", ""]
    rows += [f"- {name}: {price:g}" for name, price in PRICES.items()]
    free = ", ".join(f"{amount:,.0f} {name}" for name, amount in FREE.items())
    return "\n".join([*rows, "", f"Free each month: {free}.", ""])


if __name__ == "__main__":
    print(report())

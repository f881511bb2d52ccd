"""What a stage costs a month: python -m infra.aws.cost. Prices and assumptions are data, and are printed with the sums.

The prices are in `prices.py`: check them before you rely on a sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from infra.aws.prices import AP_SOUTH_1, FREE, US_EAST_1, usd

HOURS, DAYS = 730, 30.4
ASSUMED = {  # none of it has been measured on AWS
    "ms of a capture at 2 GB": 1500,
    "ms of a comparison at 2 GB": 1500,
    "ms of a notification at 0.5 GB": 500,
    "ms of a run of reconcile, and of a look for due areas, at 0.5 GB": 300,
    "ms of an API request at 0.5 GB": 100,
    "tiles of a session": 25,
    "API requests a day for each tile a day, and 1,000": 2,
    "MB of pictures kept for a tile and day": 0.75,
    "MB of them at most, as the provider sample makes them": 2.7,
    "MB of pictures looked at for a tile and day": 0.2,
    "KB of logs of a call": 2,
    "KB of rows of a tile and day": 2,
    "polls a day of each of the five queues when idle": 21_600,
    "days of pictures and rows kept": 365,
    "share of calls traced, over one a second": 0.05,
    "objects of an archive in S3": 10_000,
    "seconds that a tap on Supervise now waits": 15,
}
RECONCILIATIONS, LOOKS = 1440, 288  # a day: every minute, and every 5 minutes
ALARM_METRICS, SECRETS, OWN_METRICS = 51, 5, {"idle": 4, "busy": 16}  # of watch.yaml; with RDS's own; of a month
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


def egress(way: str, gb: float, prices: Mapping[str, float] = US_EAST_1) -> list[Line]:
    """Price the way out of the network. `gb` a month go through it; images do not, S3 has its own endpoint."""
    if way == "ipv6":
        return [Line("egress-only gateway", "free", 0.0)]
    address = Line("public IPv4 address", f"{HOURS} h", usd(prices, "public IPv4 address, an hour", HOURS))
    if way == "nat-instance":
        machine = usd(prices, "t4g.nano, an hour", HOURS)
        disk = usd(prices, "disk gp3, a GB and month", 8)
        return [Line("NAT instance t4g.nano", f"{HOURS} h", machine), Line("its disk", "8 GB", disk), address]
    hours = usd(prices, "NAT gateway, an hour", HOURS) + usd(prices, "NAT gateway, a GB", gb)
    return [Line("NAT gateway", f"{HOURS} h, {gb:.0f} GB", hours), address]


def database(tiles: int, prices: Mapping[str, float] = US_EAST_1) -> list[Line]:
    """Price the database that so many tiles a day are taken to need."""
    kind = "db.t4g.micro" if tiles <= 1_000 else "db.t4g.medium"
    rows = tiles * ASSUMED["KB of rows of a tile and day"] * ASSUMED["days of pictures and rows kept"] / 1e6
    gb = max(20, round(2 * rows, -1))
    storage = usd(prices, "database storage gp3, a GB and month", gb)
    return [
        Line(f"MySQL {kind}", f"{HOURS} h, one zone", usd(prices, f"{kind}, an hour", HOURS)),
        Line("its storage, with its backups", f"{gb} GB gp3", storage),
    ]


def kept_usd(tiles: int, mb: float, years: int) -> float:
    """Return what a month of pictures and rows costs at the end of so many years, of which none was deleted."""
    pictures = tiles * mb * ASSUMED["days of pictures and rows kept"] * years / 1000 * US_EAST_1["S3, a GB and month"]
    rows = tiles * ASSUMED["KB of rows of a tile and day"] * ASSUMED["days of pictures and rows kept"] * years / 1e6
    return pictures + max(20, round(2 * rows, -1)) * US_EAST_1["database storage gp3, a GB and month"]


def listings_usd(tiles: int) -> float:
    """Return what a month of listing an archive in S3 costs: at each reconciliation and once a session."""
    pages = ASSUMED["objects of an archive in S3"] / 1000
    times = DAYS * (RECONCILIATIONS + tiles / ASSUMED["tiles of a session"])
    return pages * times / 1000 * US_EAST_1["S3, 1,000 writes or listings"]


def beside() -> list[str]:
    """Return the table of what the sums above leave out, by tiles a day."""
    amounts = (10, 1_000, 100_000)
    usual, most = (
        ASSUMED["MB of pictures kept for a tile and day"],
        ASSUMED["MB of them at most, as the provider sample makes them"],
    )
    first = [kept_usd(tiles, usual, 1) for tiles in amounts]
    waits = ASSUMED["seconds that a tap on Supervise now waits"] / 2 * US_EAST_1["Lambda arm64, a GB and second"] * DAYS
    rows = {
        "the second year, if nothing is deleted": [
            kept_usd(n, usual, 2) - was for n, was in zip(amounts, first, strict=True)
        ],
        f"pictures of {most} MB": [kept_usd(n, most, 1) - was for n, was in zip(amounts, first, strict=True)],
        "an archive of 10,000 objects in S3, listed": [listings_usd(n) for n in amounts],
        "each session asked for by a tap that waits": [n / ASSUMED["tiles of a session"] * waits for n in amounts],
    }
    shown = [f"| {name} | " + " | ".join(f"{usd:,.2f}" for usd in each) + " |" for name, each in rows.items()]
    head = ["### More a month than above", "", "| USD a month | " + " | ".join(f"{n:,}" for n in amounts) + " |"]
    return [*head, "|---|---:|---:|---:|", *shown]


def stage(tiles: int = 0, way: str = "ipv6", prices: Mapping[str, float] = US_EAST_1) -> list[Line]:
    """Price a whole stage in which so many tiles a day are captured and compared; 0 is a stage that idles."""
    sessions = tiles / ASSUMED["tiles of a session"]
    asked = tiles * ASSUMED["API requests a day for each tile a day, and 1,000"] + (1000 if tiles else 0)
    fast = tiles * (ASSUMED["ms of a capture at 2 GB"] + ASSUMED["ms of a comparison at 2 GB"]) * 2
    slow = sessions * ASSUMED["ms of a notification at 0.5 GB"] + asked * ASSUMED["ms of an API request at 0.5 GB"]
    slow += (RECONCILIATIONS + LOOKS) * ASSUMED["ms of a run of reconcile, and of a look for due areas, at 0.5 GB"]
    seconds = DAYS * (fast + slow / 2) / 1000
    calls = DAYS * (2 * tiles + sessions + asked + RECONCILIATIONS + LOOKS)
    # a dead-letter queue is looked into by each reconciliation; a job is sent, received and deleted
    polls = 5 * ASSUMED["polls a day of each of the five queues when idle"]
    messages = DAYS * (polls + 3 * RECONCILIATIONS + 3 * (2 * tiles + sessions))
    logs = calls * ASSUMED["KB of logs of a call"] / 1e6
    kept = tiles * ASSUMED["MB of pictures kept for a tile and day"] * ASSUMED["days of pictures and rows kept"] / 1000
    seen = DAYS * tiles * ASSUMED["MB of pictures looked at for a tile and day"] / 1000
    each_second = min(calls, 86_400 * DAYS)  # X-Ray takes the first call of a second, and a share of the others
    traces = over(each_second + (calls - each_second) * ASSUMED["share of calls traced, over one a second"], "traces")
    metrics = OWN_METRICS["busy" if tiles else "idle"]
    writes, reads = DAYS * tiles * 2, DAYS * tiles * 4
    lambdas = usd(prices, "Lambda, a million calls", over(calls, "Lambda calls") / 1e6)
    lambdas += usd(prices, "Lambda arm64, a GB and second", over(seconds, "Lambda GB-seconds"))
    pictures = usd(prices, "S3, a GB and month", kept) + usd(prices, "S3, 1,000 reads", reads / 1000)
    pictures += usd(prices, "S3, 1,000 writes or listings", writes / 1000)
    written = over(logs, "logs GB")
    noted = usd(prices, "logs taken in, a GB", written) + usd(prices, "logs kept, a GB and month", written)
    opened = calls / 50 / 1e4
    requests = DAYS * asked / 1e6
    queued = over(messages, "SQS requests") / 1e6
    sent = over(seen, "traffic GB")
    return [
        *database(tiles, prices),
        *egress(way, logs, prices),
        Line("secrets", f"{SECRETS}", usd(prices, "secret, a month", SECRETS)),
        Line("their reading", f"{opened * 1e4:,.0f}", usd(prices, "secret read, 10,000", opened)),
        Line("Lambda", f"{calls / 1e6:.2f} M calls, {seconds:,.0f} GB-s", lambdas),
        Line("API Gateway", f"{requests:.2f} M", usd(prices, "API Gateway REST, a million requests", requests)),
        Line("SQS", f"{messages / 1e6:.2f} M", usd(prices, "SQS, a million requests", queued)),
        Line("EventBridge", f"{DAYS * (RECONCILIATIONS + LOOKS):,.0f} starts", 0.0),
        Line("pictures in S3 after a year", f"{kept:,.0f} GB", pictures),
        Line("traffic", f"{seen:,.0f} GB", usd(prices, "traffic to the internet, a GB", sent)),
        Line("logs", f"{logs:.1f} GB", noted),
        Line("traces", f"{traces:,.0f} over the free ones", usd(prices, "traces, a million", traces / 1e6)),
        Line("alarms", f"{ALARM_METRICS} metrics", usd(prices, "alarm, a month", over(ALARM_METRICS, "alarms"))),
        Line("metrics of our own", f"{metrics}", usd(prices, "metric of our own, a month", over(metrics, "metrics"))),
        Line("budget, dashboard, certificate", "the first are free", 0.0),
    ]


def total(lines: list[Line]) -> float:
    """Return the sum, USD a month."""
    return sum(line.usd for line in lines)


def regions() -> list[str]:
    """Return the table of both regions, by tiles a day: what was found of ap-south-1, and what was not."""
    amounts, prices = (0, 1_000, 100_000), {name: found[0] for name, found in AP_SOUTH_1.items()}
    pairs = [list(zip(stage(n), stage(n, prices=prices), strict=True)) for n in amounts]
    heads = [f"{n:,}, {where}" if n else f"idle, {where}" for n in amounts for where in ("us-east-1", "ap-south-1")]
    rows = ["### ap-south-1 beside us-east-1, over ipv6", "", f"| USD a month | {' | '.join(heads)} |"]
    rows.append("|---|" + "---:|" * len(heads))
    for each in zip(*pairs, strict=True):
        if any(here.usd or there.usd for here, there in each):
            name = "MySQL" if each[0][0].what.startswith("MySQL") else each[0][0].what
            rows.append(f"| {name} | " + " | ".join(_cell(line.usd) for pair in each for line in pair) + " |")
    found = [[pair for pair in each if not isnan(pair[1].usd)] for each in pairs]
    sums = [total([pair[side] for pair in each]) for each in found for side in (0, 1)]
    rows.append("| **sum of what was found** | " + " | ".join(f"**{amount:,.2f}**" for amount in sums) + " |")
    rest = [total([pair[0] for pair in each]) - amount for each, amount in zip(pairs, sums[::2], strict=True)]
    rows.append("| the rest | " + " | ".join(f"{amount:,.2f} | not found" for amount in rest) + " |")
    rows += ["", "Prices of ap-south-1, each with its usage type and how many readings of it were found:", ""]
    rows += [f"- {name}: {price:g} (`{kind}`, {readings})" for name, (price, kind, readings) in AP_SOUTH_1.items()]
    return [*rows, "", "Not found: " + "; ".join(name for name in US_EAST_1 if name not in AP_SOUTH_1) + "."]


def _cell(amount: float) -> str:
    return "not found" if isnan(amount) else f"{amount:,.2f}"


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
    rows += [f"| 1,000 tiles cost | {each} |", "", *beside(), "", *regions(), "", "### Assumed", ""]
    rows += [f"- {name}: {amount:,}" for name, amount in ASSUMED.items()]
    rows += ["", "### Prices of us-east-1, USD", ""]
    rows += [f"- {name}: {price:g}" for name, price in US_EAST_1.items()]
    free = ", ".join(f"{amount:,.0f} {name}" for name, amount in FREE.items())
    return "\n".join([*rows, "", f"Free each month: {free}.", ""])


if __name__ == "__main__":
    print(report())

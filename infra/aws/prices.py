"""What AWS asks for what a stage uses, USD without tax: all of it in us-east-1, and in ap-south-1 what was found.

us-east-1: list prices as known in November 2026. ap-south-1: what others published of the region's own price list, or
of their bills, between August and October 2026, under the usage type that the list and each bill name it by. Where more
than one reading was found they agree. A price of which none was found is not there: it is asked, and it is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

US_EAST_1 = {
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
    "S3, 1,000 writes or listings": 0.005,
    "S3, 1,000 reads": 0.0004,
    "logs taken in, a GB": 0.50,
    "logs kept, a GB and month": 0.03,
    "alarm, a month": 0.10,
    "metric of our own, a month": 0.30,
    "traces, a million": 5.00,
    "traffic to the internet, a GB": 0.09,
}
AP_SOUTH_1 = {  # USD, the usage type, and how many readings were found
    "database storage gp3, a GB and month": (0.131, "APS3-RDS:GP3-Storage", 1),
    "secret, a month": (0.40, "APS3-AWSSecretsManager-Secrets", 2),
    "NAT gateway, an hour": (0.056, "APS3-NatGateway-Hours", 1),
    "NAT gateway, a GB": (0.056, "APS3-NatGateway-Bytes", 1),
    "disk gp3, a GB and month": (0.0912, "APS3-EBS:VolumeUsage.gp3", 3),
    "public IPv4 address, an hour": (0.005, "APS3-PublicIPv4:InUseAddress", 3),
    "Lambda arm64, a GB and second": (0.0000133334, "APS3-Lambda-GB-Second-ARM", 2),
    "Lambda, a million calls": (0.20, "APS3-Request", 3),
    "S3, a GB and month": (0.025, "APS3-TimedStorage-ByteHrs", 3),
    "S3, 1,000 writes or listings": (0.005, "APS3-Requests-Tier1", 3),
    "S3, 1,000 reads": (0.0004, "APS3-Requests-Tier2", 3),
    "logs taken in, a GB": (0.67, "APS3-DataProcessing-Bytes", 2),
    "logs kept, a GB and month": (0.03, "APS3-TimedStorage-ByteHrs", 1),
    "traffic to the internet, a GB": (0.1093, "APS3-DataTransfer-Out-Bytes", 2),
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


def usd(prices: Mapping[str, float], name: str, amount: float) -> float:
    """Return what so much of it costs; not a number where no price is known.

    >>> usd(US_EAST_1, "secret, a month", 5)
    2.0
    """
    return amount * prices.get(name, nan) if amount else 0.0

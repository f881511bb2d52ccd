"""The settings: the only reader of the environment. Every default is the local run.

A setting is the environment variable BHUPRAHARI_<FIELD>; two keep the names that operators of the first backend know:
FCM_DEFAULT_TARGETS and ALLOWED_ORIGINS work without the prefix too. An unknown BHUPRAHARI_ name fails at start.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache

from chalicelib.adapters.imagery.registry import PROVIDERS

PREFIX = "BHUPRAHARI_"
UNPREFIXED = ("ALLOWED_ORIGINS", "FCM_DEFAULT_TARGETS", "CAPTURE_SCHEDULE", "COMPARE_WAIT_S", "REGISTRATION")
RENAMED = {"SWEEP_SCHEDULE": "RECONCILE_SCHEDULE"}  # names of the release before, accepted for one more
TEST_ONLY = ("TEST_MYSQL", "REQUIRE_MYSQL", "REQUIRE_LAMBDA_PYTHON")  # read by the tests, not by the product
CHALICE_COMMAND = "AWS_CHALICE_CLI_MODE"  # Chalice sets it in its own commands, never in Lambda
HOME_BOUND = (
    "stage",
    "database_connections",
    "images_store",
    "queues_service",
    "push_service",
    "secrets_store",
    "registration",
    "default_provider",
    "archive",
)


class BadSetting(ValueError):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field per setting."""

    stage: str = "local"
    log_level: str = "INFO"
    home: str = ".local"  # where everything lives on one machine

    # Which adapter answers which port
    database_url: str = ""  # "" is a SQLite file under home, or what database_secret holds in Secrets Manager
    database_secret: str = "database-url"  # noqa: S105 (a name): the URL has the password in it
    database_connections: int = 16  # 1 in Lambda: one invocation at a time
    worker: str = "elsewhere"  # here | elsewhere: does this process work on the jobs that it writes?
    images_store: str = "folder"  # folder | s3
    bucket: str = ""
    queues_service: str = "outbox"  # outbox | sqs
    push_service: str = "log"  # log | fcm
    secrets_store: str = "environment"  # environment | secretsmanager
    secrets_prefix: str = ""  # before every secret's name in Secrets Manager: bhuprahari/dev/
    aws_endpoint_url: str = ""  # a stand-in of AWS, in tests

    # Queues and clocks: decorators read these at import
    captures_queue: str = "bhuprahari-captures"
    comparisons_queue: str = "bhuprahari-comparisons"
    notifications_queue: str = "bhuprahari-notifications"
    capture_schedule: str = "rate(1 minute)"
    reconcile_schedule: str = "rate(1 minute)"
    max_concurrency: int = 10  # of each queue function: Lambda's and the database's protection

    # The trip
    default_provider: str = "sample"
    cadence_hours: int = 24
    lease_s: float = 120.0
    session_deadline_s: float = 6 * 3600.0
    max_receives: int = 5  # then a message is a dead letter
    compare_wait_s: float = 15.0
    compare_waits: int = 4  # requests that may wait so long at once: each holds a thread, or a function
    compare_waits_per_user: int = 1
    max_tiles: int = 2500  # of one area
    tiles_per_day: int = 10_000  # of one user
    orphan_age_s: float = 86_400.0
    max_areas: int = 1000  # of one user
    min_clear_share: float = 0.3

    # Providers
    archive: str = ""  # a folder of STAC Items
    sample_clock: str = ""  # a file with the days by which the sample landscape's calendar differs from today
    google_permission: str = ""  # the operator's statement of holding Google's written permission
    google_key_secret: str = "google-maps-key"  # noqa: S105 (a name)
    google_signing_secret: str = "google-maps-signing"  # noqa: S105 (a name)
    google_endpoint: str = "https://maps.googleapis.com/maps/api/staticmap"

    # People
    registration: str = "open"  # open | closed
    token_secret: str = "token-keys"  # noqa: S105 (a name)
    access_token_days: int = 30  # the contract's client never refreshes
    refresh_token_days: int = 90
    link_expires_s: int = 7 * 86_400  # of a signed image link: the client keeps what it listed
    link_secret: str = "link-key"  # noqa: S105 (a name)
    allowed_origins: str = ""  # comma-separated; "" allows none but the same origin
    fcm_default_targets: str = ""  # comma-separated device tokens or /topics/NAME
    fcm_secret: str = "firebase-service-account"  # noqa: S105 (a name)

    extra: Mapping[str, str] = field(default_factory=dict, repr=False)  # secrets at home: everything under SECRET_

    def __post_init__(self) -> None:
        choices = {
            "images_store": ("folder", "s3"),
            "queues_service": ("outbox", "sqs"),
            "push_service": ("log", "fcm"),
            "secrets_store": ("environment", "secretsmanager"),
            "registration": ("open", "closed"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise BadSetting(f"{PREFIX}{name.upper()} must be {' or '.join(allowed)}, not {getattr(self, name)!r}")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
                raise BadSetting(f"{PREFIX}{item.name.upper()} must be a number from 0 up, not {value}")
        for name in ("lease_s", "cadence_hours", "max_tiles", "max_receives", "max_concurrency", "link_expires_s"):
            if not getattr(self, name):
                raise BadSetting(f"{PREFIX}{name.upper()} must be more than 0")
        if self.min_clear_share > 1:
            raise BadSetting(f"{PREFIX}MIN_CLEAR_SHARE must be 0 to 1, not {self.min_clear_share}")
        if self.default_provider not in PROVIDERS:
            raise BadSetting(
                f"{PREFIX}DEFAULT_PROVIDER must be {' or '.join(PROVIDERS)}, not {self.default_provider!r}"
            )
        if self.images_store == "s3" and not self.bucket:
            raise BadSetting(f"{PREFIX}BUCKET must name the bucket when images live in S3")

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that browsers may call from."""
        return tuple(origin.strip() for origin in self.allowed_origins.split(",") if origin.strip())

    @property
    def default_targets(self) -> tuple[str, ...]:
        """The operator's push targets."""
        return tuple(target.strip() for target in self.fcm_default_targets.split(",") if target.strip())


def read(environment: Mapping[str, str]) -> Settings:
    """Parse the settings of an environment. Raises BadSetting."""
    known = {item.name: item.type for item in fields(Settings) if item.name != "extra"}
    values: dict[str, object] = {}
    secrets: dict[str, str] = {}
    for name in UNPREFIXED:
        if name in environment:
            values[name.lower()] = _parse(name, environment[name], str(known[name.lower()]))
    for name, text in environment.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX)
        if key in RENAMED and PREFIX + RENAMED[key] in environment:
            continue  # both are set: the new name counts
        key = RENAMED.get(key, key)
        if key.startswith("SECRET_"):
            secrets[key.removeprefix("SECRET_").lower().replace("_", "-")] = text
        elif key.lower() in known:
            values[key.lower()] = _parse(name, text, str(known[key.lower()]))
        elif key not in TEST_ONLY:
            raise BadSetting(f"there is no setting {name}")
    found = Settings(**values, extra=secrets)  # type: ignore[arg-type]
    return _at_home(found) if CHALICE_COMMAND in environment and found.stage != "local" else found


def _at_home(found: Settings) -> Settings:
    """Return a deployed stage's settings as they are at home: Chalice's commands need its names and schedules only.

    `chalice local` without --stage takes the stage dev, whose database sits where no laptop reaches.
    """
    home = Settings()
    return replace(found, **{name: getattr(home, name) for name in HOME_BOUND})


def _parse(name: str, text: str, kind: str) -> object:
    try:
        return {"int": int, "float": float}.get(kind, str)(text)
    except ValueError:
        raise BadSetting(f"{name} must be a number, not {text!r}") from None


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return read(os.environ)

"""The groups of the settings: each field is one setting, with its default (the local run), its unit and its bounds.

A field's name is the setting's: `lease_s` is BHUPRAHARI_LEASE_S. No name stands in two groups. `make settings` writes
docs/settings.md from what stands here.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from chalicelib.settings.values import (
    LEAST_JOB_MEMORY_MIB,
    PREFIX,
    Count,
    Days,
    Group,
    Hours,
    JobMemory,
    Seconds,
    Share,
    WholeSeconds,
    split,
)


class Process(Group):
    """This process, and where it runs."""

    stage: str = Field(
        default="local",
        description="The name of the deployment; Chalice's own commands take another stage's settings home.",
    )
    log_level: str = Field(
        default="INFO", description="The least level that is logged: `DEBUG`, `INFO`, `WARNING`, `ERROR`."
    )
    home: str = Field(default=".local", description="Where everything lives on one machine.")
    worker: Literal["here", "elsewhere"] = Field(
        default="elsewhere", description="`here` if this process works on the jobs that it writes."
    )
    aws_endpoint_url: str = Field(
        default="", description="An S3 other than AWS's own, as `https://s3.example.org`; in tests, a stand-in of AWS."
    )


class Database(Group):
    """The database."""

    database_url: str = Field(
        default="",
        repr=False,  # it may hold the password
        description="An SQLAlchemy URL; empty is the SQLite file under `HOME`, or what `DATABASE_SECRET` holds.",
    )
    database_secret: str = Field(
        default="database-url",
        description="The name of the secret with the database's URL, where secrets are in Secrets Manager and "
        "`DATABASE_URL` is empty.",
    )
    database_connections: Count = Field(
        default=16, description="Connections kept; 1 in Lambda: one invocation at a time."
    )


class Secrets(Group):
    """Where secrets are."""

    secrets_store: Literal["environment", "secretsmanager"] = Field(
        default="environment", description="Where secrets are."
    )
    secrets_prefix: str = Field(
        default="", description="What stands before every secret's name in Secrets Manager: `bhuprahari/dev/`."
    )


class Images(Group):
    """Stored images, and the links to them."""

    images_store: Literal["folder", "s3"] = Field(default="folder", description="Where images, masks and overlays go.")
    bucket: str = Field(default="", description="The bucket, for `s3`.")
    link_expires_s: WholeSeconds = Field(
        default=7 * 86_400,  # the client keeps what it listed
        gt=0,
        description="How long an image link lasts at least: its end lies on a full hour.",
    )
    link_secret: str = Field(
        default="link-key", description="The name of the secret that signs image links; made at home."
    )
    orphan_age_s: Seconds = Field(
        default=86_400.0, description="Age at which a stored object without a row is deleted."
    )

    @model_validator(mode="after")
    def _has_its_bucket(self) -> Self:
        if self.images_store == "s3" and not self.bucket:
            raise ValueError(f"{PREFIX}BUCKET must name the bucket when images live in S3")
        return self


class Queues(Group):
    """What carries jobs, and how they are worked on."""

    queues_service: Literal["outbox", "sqs"] = Field(
        default="outbox", description="What carries jobs: `outbox` is the database itself."
    )
    captures_queue: str = Field(
        default="bhuprahari-captures", description="The queue of captures; `-dead` after it is its dead-letter queue."
    )
    comparisons_queue: str = Field(default="bhuprahari-comparisons", description="The queue of comparisons.")
    notifications_queue: str = Field(default="bhuprahari-notifications", description="The queue of notifications.")
    imports_queue: str = Field(default="bhuprahari-imports", description="The queue of files of parcels.")
    uploads_queue: str = Field(
        default="bhuprahari-uploads", description="On AWS: where the archive's bucket tells of what comes and goes."
    )
    max_receives: Count = Field(default=5, gt=0, description="Tries of one message; then it is a dead letter.")
    max_concurrency: Count = Field(
        default=10,
        gt=0,
        description="Invocations of capture, and of compare, at once on Lambda: its and the database's protection.",
    )
    lease_s: Seconds = Field(
        default=120.0, gt=0, description="How long a worker holds a tile before another may take it."
    )
    job_limit_s: Seconds = Field(
        default=120.0,
        gt=0,
        description="At home and on a server: how long one job, or one tick of the clock, may take; then its process "
        "is killed. `LEASE_S` should be no less.",
    )
    job_memory_mib: JobMemory = Field(
        default=2048,
        description="At home and on a server, on Linux: the memory that the process of a job may use, at least "
        f"{LEAST_JOB_MEMORY_MIB}; 0 sets no limit.",
    )


class Trip(Group):
    """When areas are looked at, and what a session takes."""

    capture_schedule: str = Field(
        default="rate(1 minute)", description="How often areas that are due are looked for: `rate(...)` or `cron(...)`."
    )
    reconcile_schedule: str = Field(
        default="rate(1 minute)",
        description="How often unsent jobs, expired leases and orphans are looked for.",
    )
    cadence_hours: Hours = Field(
        default=0, description="How often an area is looked at that does not say. 0: as its provider has news."
    )
    session_deadline_s: Seconds = Field(
        default=6 * 3600.0, description="After this a session's open tiles end `FAILED`."
    )
    min_clear_share: Share = Field(default=0.3, description="The clear share under which a tile is `OBSCURED`.")


class Limits(Group):
    """What one user may ask for."""

    max_areas: Count = Field(default=1000, description="Areas of one user.")
    max_holds: Count = Field(default=1000, description="Legal holds of one user that stand at once.")
    max_tiles: Count = Field(default=2500, gt=0, description="Tiles of one area.")
    tiles_per_day: Count = Field(default=10_000, description="Tiles of one user and day.")
    estimates_per_day: Count = Field(default=1000, description="Estimates of one user and day.")
    compare_wait_s: Seconds = Field(
        default=15.0, description="How long compare waits for the session to end before it answers."
    )
    compare_waits: Count = Field(
        default=4,  # each holds a thread, or a function
        description="How many may wait so, or search for two dates, at once; the others have the open session, or 429.",
    )
    compare_waits_per_user: Count = Field(default=1, description="How many of them may be of one user.")


class Accounts(Group):
    """People, and how they stay signed in."""

    registration: Literal["open", "closed"] = Field(default="open", description="Who may register.")
    token_secret: str = Field(
        default="token-keys", description="The name of the secret with the keys of access tokens; made at home."
    )
    access_token_days: Days = Field(
        default=30,  # the contract's client never refreshes
        description="How long an access token lasts; see [decision 3](decisions/0003-sign-in-tokens-last-30-days.md).",
    )
    refresh_token_days: Days = Field(default=90, description="How long a refresh token lasts.")
    allowed_origins: str = Field(
        default="", description="Origins whose pages may call the API, with commas; empty allows the same origin only."
    )

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that browsers may call from."""
        return split(self.allowed_origins)

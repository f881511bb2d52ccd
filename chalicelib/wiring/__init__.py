"""The sockets: which adapter answers which port. Lazy, cached, the only place that names adapters.

SDKs and adapters are imported inside the functions: a Lambda pays only for what it uses.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from secrets import token_urlsafe as random_text
from typing import TYPE_CHECKING

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.jobs import Queue
from chalicelib.settings import settings
from chalicelib.wiring import aws, providers

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from chalicelib.adapters.database.jobs import SqlOutbox
    from chalicelib.domain import ports, records

log = logging.getLogger(__name__)
bell = threading.Event()
"""Rung when a job was written in this process: the home worker beside it need not wait for its next look."""

RETRY_S = 900.0  # a job that nobody has taken for so long is written anew


def clock() -> datetime:
    """Tell the time, as aware UTC."""
    return datetime.now(UTC)


@cache
def engine() -> Engine:
    """Give the database's engine: one for each process."""
    from chalicelib.adapters.database.engine import make_engine

    return make_engine(settings().database_url or _database_url(), connections=settings().database_connections)


def _database_url() -> str:
    if settings().secrets_store == "secretsmanager":
        return _secret(settings().database_secret)
    home = Path(settings().home)
    home.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{home / 'bhuprahari.db'}"


def ensure_database_user(master_secret: str) -> None:
    """Make the database's user of this application with the right of a master's secret. Raises Unavailable."""
    from chalicelib.adapters.database.user import ensure_user

    ensure_user(settings().database_url or _database_url(), secrets().get(master_secret))


def database_check() -> None:
    """Raise Unavailable if the database does not answer, or has no tables."""
    from chalicelib.adapters.database.engine import check

    check(engine())


@cache
def accounts() -> records.Accounts:
    """Give users, sign-ins and devices."""
    from chalicelib.adapters.database.accounts import SqlAccounts

    return SqlAccounts(engine())


@cache
def areas() -> records.Areas:
    """Give the areas people watch."""
    from chalicelib.adapters.database.areas import SqlAreas

    return SqlAreas(engine())


@cache
def sessions() -> records.Sessions:
    """Give sessions."""
    from chalicelib.adapters.database.sessions import SqlSessions

    knobs = settings()
    return SqlSessions(
        engine(), deadline_s=knobs.session_deadline_s, retry_s=RETRY_S, tiles_per_day=knobs.tiles_per_day
    )


@cache
def tile_runs() -> records.TileRuns:
    """Give tile runs."""
    from chalicelib.adapters.database.tile_runs import SqlTileRuns

    return SqlTileRuns(engine(), retry_s=RETRY_S)


@cache
def alerts() -> records.Alerts:
    """Give what people are shown."""
    from chalicelib.adapters.database.alerts import SqlAlerts

    return SqlAlerts(engine())


@cache
def deliveries() -> records.Deliveries:
    """Give the pushes' rows."""
    from chalicelib.adapters.database.deliveries import SqlDeliveries

    return SqlDeliveries(engine())


@cache
def objects() -> records.Objects:
    """Give what rows know of stored objects."""
    from chalicelib.adapters.database.objects import SqlObjects

    return SqlObjects(engine())


@cache
def outbox() -> SqlOutbox:
    """Give the outbox."""
    from chalicelib.adapters.database.jobs import SqlOutbox

    return SqlOutbox(engine())


@cache
def images() -> ports.Images:
    """Give the image store."""
    if settings().images_store == "s3":
        from chalicelib.adapters.images import S3Images

        return S3Images(aws.client("s3"), bucket=settings().bucket)
    from chalicelib.adapters.images import FolderImages

    return FolderImages(Path(settings().home) / "images")


@cache
def jobs() -> ports.Jobs:
    """Give the way to the queues."""
    if settings().queues_service == "sqs":
        from chalicelib.adapters.queues import QueueAddresses, SqsJobs

        sqs, knobs = aws.client("sqs"), settings()
        names = {
            Queue.CAPTURES: knobs.captures_queue,
            Queue.COMPARISONS: knobs.comparisons_queue,
            Queue.NOTIFICATIONS: knobs.notifications_queue,
        }
        dead = {queue: f"{name}-dead" for queue, name in names.items()}
        addresses, dead_addresses = QueueAddresses(sqs, names), QueueAddresses(sqs, dead)
        return SqsJobs(sqs, outbox(), queue_urls=addresses, dead_letter_urls=dead_addresses, clock=clock)
    from chalicelib.adapters.queues import OutboxJobs

    return OutboxJobs(outbox(), wake=bell.set if settings().worker == "here" else _say_that_jobs_wait, clock=clock)


def _say_that_jobs_wait() -> None:
    log.warning("jobs wait until a worker runs beside this: python -m infra.local --worker-only")


@cache
def secrets() -> ports.Secrets:
    """Give the secret store."""
    if settings().secrets_store == "secretsmanager":
        from chalicelib.adapters.secrets import SecretsManagerSecrets

        return SecretsManagerSecrets(
            aws.client("secretsmanager"), clock_monotonic=time.monotonic, prefix=settings().secrets_prefix
        )
    from chalicelib.adapters.secrets import HomeSecrets

    knobs = settings()
    makers = {
        knobs.token_secret: lambda: json.dumps({"home-1": random_text(32)}),
        knobs.link_secret: lambda: random_text(32),
    }
    return HomeSecrets(knobs.extra, folder=Path(knobs.home) / "secrets", makers=makers)


@cache
def passwords() -> ports.Passwords:
    """Give the hasher of passwords."""
    from chalicelib.adapters.passwords import Argon2Passwords

    return Argon2Passwords()


@cache
def tokens() -> ports.Tokens:
    """Give the maker of access tokens."""
    from chalicelib.adapters.tokens import JwtTokens

    return JwtTokens.from_secret(_secret(settings().token_secret))


@cache
def links() -> ports.Links:
    """Give the signer of image links."""
    from chalicelib.adapters.links import SignedLinks

    return SignedLinks(_secret(settings().link_secret), expires_s=settings().link_expires_s)


def _secret(name: str) -> str:
    try:
        return secrets().get(name)
    except NotFound as error:  # to a client, that is no 404
        raise Unavailable(error.reason) from error


@cache
def push() -> ports.Push:
    """Give the way to people's phones."""
    if settings().push_service == "fcm":
        from chalicelib.adapters.push import FcmPush

        return FcmPush(secrets(), secret_name=settings().fcm_secret)
    from chalicelib.adapters.push import LogPush

    return LogPush()


@cache
def imagery(name: str) -> ports.Imagery:
    """Give a provider. Raises Invalid, with the pointer `/provider`, for one that is not known or not set up here."""
    return providers.make(name, settings(), aws=aws.client, secrets=secrets, clock=clock)


def reset() -> None:
    """Forget everything made so far: the next call reads the settings anew. For tests, and for nobody else."""
    settings.cache_clear()
    for made in list(globals().values()):
        if hasattr(made, "cache_clear"):
            made.cache_clear()

"""The ports that the database answers."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.composition.basis import Basis
from chalicelib.domain.pushes import Target

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from chalicelib.adapters.database.outbox import SqlOutbox
    from chalicelib.application.ports.accounts import Accounts
    from chalicelib.application.ports.alerts import Alerts
    from chalicelib.application.ports.areas import Areas
    from chalicelib.application.ports.breakers import Breakers
    from chalicelib.application.ports.captures import Captures
    from chalicelib.application.ports.clock_repairs import ClockRepairs
    from chalicelib.application.ports.deliveries import Deliveries
    from chalicelib.application.ports.diagnostics import Diagnostics
    from chalicelib.application.ports.image_rows import ImageRows
    from chalicelib.application.ports.orphans import Orphans
    from chalicelib.application.ports.place_upkeep import PlaceUpkeep
    from chalicelib.application.ports.places import Places
    from chalicelib.application.ports.recurring_tasks import RecurringTasks
    from chalicelib.application.ports.replays import Replays
    from chalicelib.application.ports.state_notices import StateNotices
    from chalicelib.application.ports.waits import Waits

RETRY_S = 900.0  # a job that no worker has taken for so long is written anew


class DatabasePorts(Basis):
    """What the database answers: SQLite or MySQL, by its URL."""

    @cached_property
    def engine(self) -> Engine:
        """The database's engine."""
        from chalicelib.adapters.database.engine import make_engine

        return make_engine(
            self.database_url,
            connections=self.settings.database.database_connections,
            sleep=self.sleep,
            jitter=self.jitter,
        )

    @property
    def database_url(self) -> str:
        """The URL of the database: given, kept as a secret, or that of the file at home."""
        if self.settings.database.database_url:
            return self.settings.database.database_url
        if self.settings.secrets.secrets_store == "secretsmanager":
            return self.secret_text(self.settings.database.database_secret)
        from chalicelib.adapters.private_home import database_in

        return f"sqlite:///{database_in(Path(self.settings.process.home))}"

    def migrate(self) -> str:
        """Bring the database to the newest schema and return the revision reached."""
        from chalicelib.adapters.database.schema.migrate import to_head

        return to_head(self.engine)

    def migrate_as_master(self, master_secret: str) -> str:
        """Make this application's user, who changes no table, and migrate as one who may. Raises Unavailable.

        `master_secret` names the secret of the database's master; the revision reached is returned.
        """
        from chalicelib.adapters.database.schema.mysql_grants import migrate_as_master

        return migrate_as_master(self.database_url, self.secrets.get(master_secret))

    def check_database(self) -> None:
        """Raise Unavailable if the database does not answer, or has no tables."""
        from chalicelib.adapters.database.engine import check

        check(self.engine)

    @cached_property
    def accounts(self) -> Accounts:
        """Users, sign-ins and devices."""
        from chalicelib.adapters.database.accounts import SqlAccounts

        return SqlAccounts(self.engine)

    @cached_property
    def areas(self) -> Areas:
        """The areas that people watch."""
        from chalicelib.adapters.database.areas import SqlAreas

        return SqlAreas(self.engine)

    @cached_property
    def captures(self) -> Captures:
        """The images of tiles, each captured once for all areas that use it."""
        from chalicelib.adapters.database.captures import SqlCaptures

        return SqlCaptures(self.engine)

    @cached_property
    def breakers(self) -> Breakers:
        """The breakers of providers."""
        from chalicelib.adapters.database.breakers import SqlBreakers

        return SqlBreakers(self.engine)

    @cached_property
    def image_rows(self) -> ImageRows:
        """The rows of stored images."""
        from chalicelib.adapters.database.images import SqlImageRows

        return SqlImageRows(self.engine)

    @cached_property
    def alerts(self) -> Alerts:
        """Alerts, and what was seen without alerting."""
        from chalicelib.adapters.database.alerts import SqlAlerts

        return SqlAlerts(self.engine)

    @cached_property
    def places(self) -> Places:
        """Places."""
        from chalicelib.adapters.database.places import SqlPlaces

        return SqlPlaces(self.engine)

    @cached_property
    def place_upkeep(self) -> PlaceUpkeep:
        """What an older release left to be done about places."""
        from chalicelib.adapters.database.place_upkeep import SqlPlaceUpkeep

        return SqlPlaceUpkeep(self.engine)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Which pushes are made, and how far they have come."""
        from chalicelib.adapters.database.deliveries import SqlDeliveries

        return SqlDeliveries(self.engine)

    @property
    def default_targets(self) -> list[Target]:
        """The operator's push targets. Raises Invalid."""
        return [Target.parse(text) for text in self.settings.pushes.default_targets]

    @cached_property
    def state_notices(self) -> StateNotices:
        """Who is told how their areas stand."""
        from chalicelib.adapters.database.state_notices import SqlStateNotices

        return SqlStateNotices(self.engine, periods=self.settings.pushes.periods, targets=self.default_targets)

    @cached_property
    def orphans(self) -> Orphans:
        """Stored objects that no row names."""
        from chalicelib.adapters.database.orphans import SqlOrphans

        return SqlOrphans(self.engine)

    @cached_property
    def recurring_tasks(self) -> RecurringTasks:
        """Tasks that come round again."""
        from chalicelib.adapters.database.recurring_tasks import SqlRecurringTasks

        return SqlRecurringTasks(self.engine)

    @cached_property
    def clock_repairs(self) -> ClockRepairs:
        """Repairs after a clock was put back."""
        from chalicelib.adapters.database.clock_repairs import SqlClockRepairs

        chosen = self.settings
        waits = {"lease_s": chosen.queues.lease_s, "deadline_s": chosen.trip.session_deadline_s}
        return SqlClockRepairs(self.engine, **waits, retry_s=RETRY_S, work_s=chosen.layers.import_limit_s)

    @cached_property
    def waits(self) -> Waits:
        """The places of requests that wait."""
        from chalicelib.adapters.database.waits import SqlWaits

        return SqlWaits(self.engine)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """The outbox."""
        from chalicelib.adapters.database.outbox import SqlOutbox

        return SqlOutbox(self.engine)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """What the database shows an operator."""
        from chalicelib.adapters.database.diagnostics import SqlDiagnostics

        return SqlDiagnostics(
            self.engine, carried_by="SQS" if self.settings.queues.queues_service == "sqs" else "a worker"
        )

    @cached_property
    def replays(self) -> Replays:
        """Second tries of what failed."""
        from chalicelib.adapters.database.replays import SqlReplays

        return SqlReplays(self.engine, deadline_s=self.settings.trip.session_deadline_s, retry_s=RETRY_S)

"""The composition root: which adapter answers which port. The only place that names adapters.

Ports are made when they are first asked for, and SDKs and adapters are imported in their makers: a Lambda pays only for
what it uses.
"""

from __future__ import annotations

import logging
import threading
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.composition.basis import system_clock
from chalicelib.composition.past import PastPorts
from chalicelib.domain.budgets import Spending
from chalicelib.domain.errors import DomainError, Invalid
from chalicelib.domain.jobs import Queue
from chalicelib.settings import Settings, settings

if TYPE_CHECKING:
    from chalicelib.adapters.imagery.provider import Services
    from chalicelib.application.diagnostics import Patient
    from chalicelib.application.ports.archive import Archive
    from chalicelib.application.ports.archive_index import ArchiveIndex
    from chalicelib.application.ports.clock import Clock
    from chalicelib.application.ports.imagery import Imagery
    from chalicelib.application.ports.jobs import Jobs
    from chalicelib.application.ports.ledger import Ledger
    from chalicelib.application.ports.links import Links
    from chalicelib.application.ports.passwords import Passwords
    from chalicelib.application.ports.push import Push
    from chalicelib.application.ports.tokens import Tokens
    from chalicelib.application.verify import Verifier
    from chalicelib.domain.scenes import ProviderTerms

log = logging.getLogger(__name__)


class Ports(PastPorts):
    """What answers each port, by the settings. A process has one; a test makes its own."""

    def __init__(self, settings: Settings, **given: Any) -> None:  # noqa: ANN401 (as Basis takes them)
        super().__init__(settings, **given)
        if "clock" not in given and self.has_database_server:
            self.clock = self._database_clock()
        self.wakeup = threading.Event()  # set when a job was written here: the worker beside it need not wait
        self._imagery: dict[str, Imagery] = {}

    def _database_clock(self) -> Clock:
        from chalicelib.adapters.database.clock import DatabaseClock

        return DatabaseClock(lambda: self.engine, monotonic=self.monotonic, otherwise=system_clock)

    @cached_property
    def ledger(self) -> Ledger:
        """What users spent, and may."""
        from chalicelib.adapters.database.ledger import SqlLedger

        limits = self.settings.limits
        tiles, estimates = limits.tiles_per_day, limits.estimates_per_day
        budgets = {Spending.TILES: tiles, Spending.COMPARISONS: tiles, Spending.ESTIMATES: estimates}
        budgets[Spending.AREA_TILES] = limits.max_tiles
        return SqlLedger(self.engine, budgets=budgets)

    @cached_property
    def jobs(self) -> Jobs:
        """The way to the queues."""
        if self.settings.queues.queues_service == "sqs":
            return self._sqs_jobs()
        from chalicelib.adapters.queues.outbox import OutboxJobs

        wake = self.wakeup.set if self.settings.process.worker == "here" else _warn_that_jobs_wait
        return OutboxJobs(self.outbox, wake=wake, clock=self.clock)

    def _sqs_jobs(self) -> Jobs:
        from chalicelib.adapters.queues.sqs import SqsJobs
        from chalicelib.adapters.queues.sqs_addresses import QueueAddresses

        sqs, names = self.aws_client("sqs"), self.queue_names
        dead = {queue: f"{name}-dead" for queue, name in names.items()}
        return SqsJobs(
            sqs,
            self.outbox,
            queue_urls=QueueAddresses(sqs, names),
            dead_letter_urls=QueueAddresses(sqs, dead),
            clock=self.clock,
            queue_names=tuple(names.values()),
            lease_s=self.settings.queues.lease_s,
            max_receives=self.settings.queues.max_receives,
        )

    @property
    def queue_names(self) -> dict[Queue, str]:
        """Each queue's name, as the app's handlers are declared with it."""
        return {
            Queue.CAPTURES: self.settings.queues.captures_queue,
            Queue.COMPARISONS: self.settings.queues.comparisons_queue,
            Queue.NOTIFICATIONS: self.settings.queues.notifications_queue,
            Queue.IMPORTS: self.settings.queues.imports_queue,
        }

    @cached_property
    def passwords(self) -> Passwords:
        """The hasher of passwords."""
        from chalicelib.adapters.passwords import Argon2Passwords

        return Argon2Passwords()

    @cached_property
    def tokens(self) -> Tokens:
        """Access tokens."""
        from chalicelib.adapters.tokens import JwtTokens

        return JwtTokens.from_secret(self.secret_text(self.settings.accounts.token_secret), new_id=self.new_id)

    @cached_property
    def links(self) -> Links:
        """Signed image links."""
        from chalicelib.adapters.links import SignedLinks

        return SignedLinks(
            self.secret_text(self.settings.images.link_secret), expires_s=self.settings.images.link_expires_s
        )

    @cached_property
    def push(self) -> Push:
        """Pushes to people's phones."""
        if self.settings.pushes.push_service == "fcm":
            from chalicelib.adapters.channels.fcm import FcmPush

            return FcmPush(self.secrets, secret_name=self.settings.pushes.fcm_secret)
        from chalicelib.adapters.channels.log_push import LogPush

        return LogPush()

    def imagery(self, name: str) -> Imagery:
        """Return a provider's imagery. Raises Invalid, pointing at `/provider`, for one that is not set up here."""
        if name not in self._imagery:
            self._imagery[name] = self.imagery_with(name)
        return self._imagery[name]

    def imagery_with(self, name: str, **others: object) -> Imagery:
        """Return a provider's imagery anew, with other settings than there are. Raises Invalid."""
        from chalicelib.adapters.imagery.registry import provider_named

        provider = provider_named(name)
        options = {setting: self.settings.value(setting) for setting in provider.settings}
        return provider.make(options | others, self._services)

    @property
    def _services(self) -> Services:
        from chalicelib.adapters.imagery.provider import Services

        return Services(
            aws_client=self.aws_client,
            secret=self.secrets.get,
            clock=self.clock,
            sleep=self.sleep,
            jitter=self.jitter,
            monotonic=self.monotonic,
            archive_index=lambda: self.archive_index,
        )

    @cached_property
    def archive_index(self) -> ArchiveIndex:
        """The index of an archive."""
        from chalicelib.adapters.database.archive_index import SqlArchiveIndex

        return SqlArchiveIndex(self.engine)

    def archive(self, place: str = "") -> Archive:
        """Return the archive at a place (a folder, `s3://bucket/prefix`), or that of the settings. Raises Invalid.

        It is looked at without its index, and so without a database.
        """
        from chalicelib.adapters.imagery.providers.archive import archive_at

        if not (place or self.settings.providers.archive):
            raise Invalid("no archive is set up here: set BHUPRAHARI_ARCHIVE, or name the folder")
        chosen = self.settings.providers
        return archive_at(
            place or chosen.archive, chosen.archive_hosts, aws_client=self.aws_client, monotonic=self.monotonic
        )

    @cached_property
    def indexed_archive(self) -> Archive | None:
        """The archive of the settings, with its index; None if none is set up here."""
        from chalicelib.adapters.imagery.providers.archive import indexed_archive_at

        chosen = self.settings.providers
        return indexed_archive_at(chosen.archive, chosen.archive_hosts, self._services) if chosen.archive else None

    def provider_terms(self, name: str) -> ProviderTerms | None:
        """Return a provider's terms as they are here; None if it is not set up here, or no longer."""
        try:
            return self.imagery(name).terms
        except DomainError:
            return None

    @property
    def showing_arrivals(self) -> list[str]:
        """The providers here whose searches show what has come."""
        from chalicelib.adapters.imagery.registry import PROVIDERS

        names = (name for name, provider in PROVIDERS.items() if provider.terms.shows_arrivals)
        return [name for name in names if self.provider_terms(name) is not None]

    @property
    def verifier(self) -> Verifier:
        """Return who recounts what is stored."""
        from chalicelib.application.verify import Verifier

        return Verifier(invariants=self.invariants, images=self.images, audit=self.audit)

    def patient(self) -> Patient:
        """Return what the doctor looks at."""
        from chalicelib.application.diagnostics import Patient

        chosen = self.settings
        stores = f"{chosen.images.images_store} images, {chosen.queues.queues_service} queues"
        return Patient(
            settings=f"stage {chosen.process.stage}: {stores}, {chosen.pushes.push_service} pushes",
            how_to_migrate="python -m infra.migrate"
            if chosen.process.stage == "local"
            else "invoke the function migrate",
            diagnostics=lambda: self.diagnostics,
            images=self.made_images,
            jobs=lambda: self.jobs,
            read_keys=lambda: (self.tokens, self.links),
            imagery=lambda: self.imagery(chosen.providers.usual),
            push=lambda: self.push,
            clock=system_clock,  # this machine's: the doctor holds it against the database's
            new_token=self.new_token,
        )


def _warn_that_jobs_wait() -> None:
    log.warning("jobs wait until a worker runs beside this: python -m infra.local --worker-only")


@cache
def process_ports() -> Ports:
    """Return this process's ports, made once from its environment: Lambda starts a handler with nothing in hand."""
    return Ports(settings())

"""The handler of the minute's reconciliation."""

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib.application import reconcile as use_case
from chalicelib.application.admit import delete_full_buckets
from chalicelib.application.delete_ended_sign_ins import delete_ended_sign_ins
from chalicelib.composition import Ports
from chalicelib.functions.handler import handler
from chalicelib.settings import settings

blueprint = Blueprint(__name__)


@blueprint.schedule(settings().trip.reconcile_schedule)
@handler
def reconcile(_event: CloudWatchEvent, ports: Ports) -> None:
    """Send what was not sent, end what is overdue, delete what is dead."""
    use_case.reconcile(
        areas=ports.areas,
        sessions=ports.sessions,
        runs=ports.tile_runs,
        deliveries=ports.deliveries,
        state_notices=ports.state_notices,
        orphans=ports.orphans,
        captures=ports.captures,
        place_upkeep=ports.place_upkeep,
        tasks=ports.recurring_tasks,
        clock_repairs=ports.clock_repairs,
        images=ports.images,
        jobs=ports.jobs,
        clock=ports.clock,
        orphan_age_s=ports.settings.images.orphan_age_s,
        archive=ports.indexed_archive,
    )
    delete_full_buckets(buckets=ports.buckets, now=ports.clock())
    delete_ended_sign_ins(accounts=ports.accounts, audit=ports.audit, tasks=ports.recurring_tasks, now=ports.clock())

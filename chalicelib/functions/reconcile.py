"""The handler of the minute's reconciliation."""

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib.application import reconcile as use_case
from chalicelib.application.admit import delete_full_buckets
from chalicelib.application.delete_ended_sign_ins import delete_ended_sign_ins
from chalicelib.application.drop_old_images import drop_old_images
from chalicelib.application.isolation import Isolation
from chalicelib.application.remove_user import purge_removed_users
from chalicelib.application.sweep_exports import sweep_exports
from chalicelib.application.sweep_layers import sweep_layers
from chalicelib.application.verify import verify_daily
from chalicelib.composition import Ports
from chalicelib.functions.handler import handler
from chalicelib.settings import settings

blueprint = Blueprint(__name__)


@blueprint.schedule(settings().trip.reconcile_schedule)
@handler
def reconcile(_event: CloudWatchEvent, ports: Ports) -> None:
    """Send what was not sent, end what is overdue, delete what is dead: each step on its own, the errors at the end."""
    isolation = Isolation()
    with isolation.part("reconcile"):
        use_case.reconcile(
            areas=ports.areas,
            sessions=ports.sessions,
            plans=ports.session_plans,
            runs=ports.tile_runs,
            deliveries=ports.deliveries,
            state_notices=ports.state_notices,
            orphans=ports.orphans,
            captures=ports.captures,
            place_upkeep=ports.place_upkeep,
            imports=ports.layer_imports,
            exports=ports.area_exports,
            tasks=ports.recurring_tasks,
            clock_repairs=ports.clock_repairs,
            images=ports.images,
            jobs=ports.jobs,
            clock=ports.clock,
            orphan_age_s=ports.settings.images.orphan_age_s,
            archive=ports.indexed_archive,
        )
    with isolation.part("purge removed users"):
        purge_removed_users(
            removed=ports.removed_users, areas=ports.areas, sessions=ports.sessions, jobs=ports.jobs, clock=ports.clock
        )
    with isolation.part("drop old images"):
        drop_old_images(
            retention=ports.retention,
            tasks=ports.recurring_tasks,
            images=ports.images,
            policy=ports.retention_policy,
            now=ports.clock(),
        )
    with isolation.part("sweep layers"):
        sweep_layers(layers=ports.layers, imports=ports.layer_imports, store=ports.images, clock=ports.clock)
    with isolation.part("sweep exports"):
        sweep_exports(exports=ports.area_exports, store=ports.images, clock=ports.clock)
    with isolation.part("delete full buckets"):
        delete_full_buckets(buckets=ports.buckets, now=ports.clock())
    with isolation.part("delete ended sign-ins"):
        delete_ended_sign_ins(
            accounts=ports.accounts, audit=ports.audit, tasks=ports.recurring_tasks, now=ports.clock()
        )
    with isolation.part("verify"):
        verify_daily(ports.verifier, tasks=ports.recurring_tasks, now=ports.clock())
    isolation.end()

"""The parcels of an alert that is to be made, looked up before its tile run's end locks anything."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.named_parcels import layers_of_owner, touched_by
from chalicelib.domain.scenes import day_of
from chalicelib.domain.tile_runs import Claim, ComparisonClaim, Outcome
from chalicelib.domain.tiles import centre_of
from chalicelib.domain.told_on_parcels import regions_of, told_on


class AlertsOnParcels:
    """What the layers of an area's owner say of a change there."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def told(self, claim: Claim, outcome: Outcome) -> Outcome:
        """Return the outcome of a comparison, with the parcels that it touches if it alerts and its owner has layers.

        Raises Unavailable.
        """
        if not isinstance(claim, ComparisonClaim) or not claim.has_layers or outcome.change_log is None:
            return outcome
        return self._on_parcels(claim, outcome)

    @reads
    def _on_parcels(self, connection: Connection, claim: ComparisonClaim, outcome: Outcome) -> Outcome:
        layers = layers_of_owner(connection, claim.area_id)
        outlines = regions_of(outcome.change_log or {})
        if not layers or not outlines:
            return outcome
        day = day_of(claim.image.taken_at, centre_of(claim.view.bounds)[0])
        smallest_m2 = claim.thresholds.min_changed_area_m2
        return told_on(outcome, touched_by(connection, layers, outlines, day=day, smallest_m2=smallest_m2))

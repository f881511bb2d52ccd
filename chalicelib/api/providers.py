"""Who can show land here, and on what terms."""

from __future__ import annotations

from chalicelib.adapters.imagery.registry import PROVIDERS
from chalicelib.api.http import Api, ApiModel
from chalicelib.composition import Ports

api = Api(__name__)


class ProviderOut(ApiModel):
    """Somebody who shows land from above, and on what terms."""

    name: str
    licence: str
    licence_url: str
    attribution: str
    is_dated: bool
    cost_per_request_usd: float
    is_default: bool


@api.route("/api/providers", response=list[ProviderOut])
def list_providers(ports: Ports) -> list[ProviderOut]:
    """List who can show land here, and on what terms."""
    found = [terms for terms in map(ports.provider_terms, PROVIDERS) if terms is not None]
    return [
        ProviderOut(
            name=terms.name,
            licence=terms.licence.name,
            licence_url=terms.licence.url,
            attribution=terms.licence.attribution,
            is_dated=terms.is_dated,
            cost_per_request_usd=terms.cost_per_request_usd,
            is_default=terms.name == ports.settings.providers.usual,
        )
        for terms in found
        if terms.licence.permits_watching
    ]

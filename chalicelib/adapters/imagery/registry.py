"""The registry of providers. To add one: write its descriptor in `providers/`, and name it here."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.adapters.imagery.provider import Provider
from chalicelib.adapters.imagery.providers.archive import ARCHIVE
from chalicelib.adapters.imagery.providers.google_static import GOOGLE_STATIC
from chalicelib.adapters.imagery.providers.sample import SAMPLE
from chalicelib.domain.errors import Invalid

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in (SAMPLE, ARCHIVE, GOOGLE_STATIC)}


def provider_named(name: str) -> Provider:
    """Return a provider. Raises Invalid, with the pointer `/provider`, for one that is not known."""
    if name not in PROVIDERS:
        raise Invalid(f"there is no provider {name!r}: choose one of {', '.join(PROVIDERS)}", pointer="/provider")
    return PROVIDERS[name]


def cost_per_request_usd(name: str) -> float:
    """Return what a request to a provider costs, by its terms; nothing for one that this release does not know."""
    provider = PROVIDERS.get(name)
    return provider.terms.cost_per_request_usd if provider else 0.0

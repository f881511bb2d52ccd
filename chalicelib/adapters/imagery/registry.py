"""The registry of providers. To add one: write its descriptor in `providers/`, and name it here."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.adapters.imagery.provider import Options, Provider
from chalicelib.adapters.imagery.providers.archive import ARCHIVE
from chalicelib.adapters.imagery.providers.google_static import GOOGLE_STATIC
from chalicelib.adapters.imagery.providers.sample import SAMPLE
from chalicelib.adapters.imagery.providers.sentinel2 import SENTINEL2
from chalicelib.adapters.imagery.providers.wms import WMS
from chalicelib.adapters.imagery.providers.xyz import XYZ
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Licence, ProviderTerms

PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider for provider in (SAMPLE, ARCHIVE, SENTINEL2, XYZ, WMS, GOOGLE_STATIC)
}


def provider_named(name: str) -> Provider:
    """Return a provider. Raises Invalid, with the pointer `/provider`, for one that is not known."""
    if name not in PROVIDERS:
        raise Invalid(f"there is no provider {name!r}: choose one of {', '.join(PROVIDERS)}", pointer="/provider")
    return PROVIDERS[name]


def cost_per_request_usd(name: str, options: Options) -> float:
    """Return what a request to a provider costs, by its terms; nothing for one that is not known or not set up here.

    `options` are all settings, by their names.
    """
    terms = _terms_of(name, options)
    return 0.0 if terms is None else terms.cost_per_request_usd


def licence_of(name: str, options: Options) -> Licence | None:
    """Return a provider's licence, by its terms; None for one that is not known or not set up here."""
    terms = _terms_of(name, options)
    return None if terms is None else terms.licence


def _terms_of(name: str, options: Options) -> ProviderTerms | None:
    provider = PROVIDERS.get(name)
    if provider is None:
        return None
    try:
        return provider.terms_of(options) if provider.terms_of else provider.terms
    except Invalid:
        return None

"""The provider `sentinel2` over local catalogues."""

import time
from datetime import UTC, datetime

from chalicelib.adapters.imagery.provider import Services
from chalicelib.adapters.imagery.registry import provider_named
from chalicelib.settings.providers import Providers


def services(*, clock=None, sleep=lambda _s: None):
    """What a provider needs of its process; nobody sleeps."""
    return Services(
        aws_client=lambda _name: None,
        secret=lambda _name: "",
        clock=clock or (lambda: datetime.now(UTC)),
        sleep=sleep,
        jitter=lambda seconds: seconds,
        monotonic=time.monotonic,
        archive_index=lambda: None,
    )


def imagery(server, fallback=None, *, clock=None, sleep=lambda _s: None, **settings):
    """Make it, as the settings would: `server` is the first catalogue, `fallback` the second one, which signs."""
    given = {"sentinel2_catalogue": server.url, "sentinel2_fallback": "", "sentinel2_signing": ""}
    if fallback is not None:
        given |= {"sentinel2_fallback": fallback.url, "sentinel2_signing": fallback.signing}
    options = Providers(**(given | settings))
    provider = provider_named("sentinel2")
    return provider.make(
        {name: getattr(options, name) for name in provider.settings}, services(clock=clock, sleep=sleep)
    )

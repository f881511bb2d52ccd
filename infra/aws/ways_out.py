"""Whether a stage's network reaches what its providers of imagery ask: looked at before any call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatch

from chalicelib.adapters.imagery.provider import Provider
from chalicelib.domain.errors import Invalid
from chalicelib.settings import Settings
from infra.aws import cost
from infra.aws.policies import Names
from infra.errors import OperatorError

SPEAKS_IPV6_ALONE = "ipv6"
TLS = 443
BUCKETS = "bhuprahari-*"  # of the account: the network's way to S3 lets nothing else through (stage.yaml)


def in_use(environment: Mapping[str, str], providers: Mapping[str, Provider]) -> list[Provider]:
    """Return the providers that areas of a stage may have: its default one, and those that are set up there.

    A setting that its environment leaves out has its default, as in the functions: one may be set up by that alone.
    """
    defaults = Settings.of().by_name()
    default = environment.get("BHUPRAHARI_DEFAULT_PROVIDER")
    found = []
    for name, provider in providers.items():
        options = {each: environment.get(f"BHUPRAHARI_{each.upper()}", "") for each in provider.settings}
        needs = provider.needs
        if name == default or (needs and environment.get(f"BHUPRAHARI_{needs.upper()}", defaults[needs])):
            try:
                found.append(replace(provider, hosts=provider.hosts_of(options)) if provider.hosts_of else provider)
            except Invalid as error:
                raise OperatorError(error.reason) from error
    return found


def check_buckets(environment: Mapping[str, str]) -> None:
    """Raise OperatorError for a bucket with pictures that the stage's network does not let through."""
    names = Names(environment)
    for bucket in filter(None, (names.archive, *names.elsewhere)):
        if not fnmatch(bucket, BUCKETS):
            raise OperatorError(
                f"s3://{bucket} is not reached: the network's way to S3 lets this account's buckets called {BUCKETS} "
                "through alone; copy its pictures into one of these, or name its files by https"
            )


def check(way: str, providers: Iterable[Provider]) -> None:
    """Raise OperatorError, in one sentence, for a way out that is none, or that a provider's hosts do not answer by."""
    if way not in cost.EGRESS:
        hosts = [f"{provider.name} ({_named(provider)})" for provider in providers if provider.hosts]
        why = f", and {' and '.join(hosts)} could not be asked" if hosts else ""
        raise OperatorError(f"Egress is {', '.join(cost.EGRESS)}, not {way!r}: nothing outside would be reached{why}")
    for provider in providers:
        odd = [f"{host.name}:{host.port}" for host in provider.hosts if host.port != TLS]
        if odd:
            raise OperatorError(f"{provider.name} asks {', '.join(odd)}: a stage's functions reach port {TLS} alone")
        old = [host.name for host in provider.hosts if not host.speaks_ipv6]
        if old and way == SPEAKS_IPV6_ALONE:
            others = " or ".join(f"Egress={each} ({_usd(each)} USD a month)" for each in cost.EGRESS if each != way)
            raise OperatorError(
                f"{provider.name} asks {', '.join(old)}, by IPv4 alone, which Egress={way} does not reach: "
                f"give {others}"
            )


def _named(provider: Provider) -> str:
    return ", ".join(host.name for host in provider.hosts)


def _usd(way: str) -> str:
    return f"{cost.total(cost.egress(way, 0.0)):.2f}"

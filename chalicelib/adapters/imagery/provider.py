"""What a provider of imagery is: one descriptor each, from which everything that names providers is derived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.application.ports.archive_index import ArchiveIndex
from chalicelib.application.ports.clock import Clock, Jitter, Monotonic, Sleep
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.scenes import Grid, ProviderTerms


class Services(NamedTuple):
    """What a provider may need of the process that it runs in."""

    aws_client: Callable[[str], Any]  # of one of AWS's services, by its name
    secret: Callable[[str], str]  # by its name; raises NotFound, Unavailable
    clock: Clock
    sleep: Sleep
    jitter: Jitter
    monotonic: Monotonic
    archive_index: Callable[[], ArchiveIndex]  # asked for when it is used: it needs a database


class Host(NamedTuple):
    """A host of somebody else's that a provider asks, beside AWS's own."""

    name: str
    speaks_ipv6: bool  # a stage's way out may reach nothing else
    port: int = 443


Options = Mapping[str, Any]
"""The values of a provider's settings, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider. Making its imagery imports what it needs; the descriptor itself is light."""

    terms: ProviderTerms  # as they are without any permission of the operator's
    grid: Grid | None  # None: it depends on the area
    settings: tuple[str, ...]  # the names of those that `make` reads
    needs: str = ""  # the one of them without which it is not set up
    terms_of: Callable[[Options], ProviderTerms] | None = None  # where the settings say them; raises Invalid
    make: Callable[[Options, Services], Imagery]  # raises Invalid where it is not set up
    hosts: tuple[Host, ...] = ()  # that it asks: `make infra` holds the stage's way out against them
    hosts_of: Callable[[Mapping[str, str]], tuple[Host, ...]] | None = None  # of settings, where they name them

    @property
    def name(self) -> str:
        """The name by which areas and settings call it."""
        return self.terms.name

"""The settings: the only reader of the environment. Every default is the local run.

A setting is the environment variable BHUPRAHARI_<FIELD>, in the group that its field stands in (`groups.py`,
`admission.py`, `keeping.py`, `layers.py`, `map_services.py`, `telling.py`). The names in UNPREFIXED, which operators
of the first backend know, work without the prefix too. An unknown BHUPRAHARI_ name fails at start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache

from pydantic import Field, ValidationError

from chalicelib.settings.admission import Admission
from chalicelib.settings.groups import (
    Accounts,
    Database,
    Images,
    Limits,
    Process,
    Queues,
    Secrets,
    Trip,
)
from chalicelib.settings.keeping import Keeping
from chalicelib.settings.layers import Layers
from chalicelib.settings.map_services import MapService, TileServer
from chalicelib.settings.providers import Providers
from chalicelib.settings.refusals import sentence
from chalicelib.settings.telling import Pushes
from chalicelib.settings.values import PREFIX, Group

UNPREFIXED = ("ALLOWED_ORIGINS", "FCM_DEFAULT_TARGETS", "CAPTURE_SCHEDULE", "COMPARE_WAIT_S", "REGISTRATION")
RENAMED = {"SWEEP_SCHEDULE": "RECONCILE_SCHEDULE"}  # names of the release before, accepted for one more
TEST_ONLY = ("TEST_MYSQL", "REQUIRE_MYSQL", "REQUIRE_LAMBDA_PYTHON")  # read by the tests, not by the product
CHALICE_COMMAND = "AWS_CHALICE_CLI_MODE"  # Chalice sets it in its own commands, never in Lambda
HOME_BOUND = (
    "stage",
    "database_connections",
    "images_store",
    "queues_service",
    "push_service",
    "secrets_store",
    "registration",
    "default_provider",
    "archive",
)


class BadSetting(ValueError):
    """A setting has a value that cannot be used."""


class Settings(Group):
    """All settings, one group for each part of the product."""

    process: Process
    database: Database
    secrets: Secrets
    images: Images
    keeping: Keeping
    queues: Queues
    trip: Trip
    limits: Limits
    layers: Layers
    providers: Providers
    tile_server: TileServer
    map_service: MapService
    accounts: Accounts
    admission: Admission
    pushes: Pushes
    extra: Mapping[str, str] = Field(repr=False)  # secrets at home: everything under SECRET_

    @classmethod
    def of(cls, **values: object) -> Settings:
        """Return the settings with these values, each by its name without its group. Raises BadSetting."""
        return _make(values)

    def value(self, name: str) -> object:
        """Return the value of a setting, by its name without its group."""
        return getattr(getattr(self, GROUP_OF[name]), name)

    def by_name(self) -> dict[str, object]:
        """Return the value of each setting by its name without its group."""
        return {name: self.value(name) for name in GROUP_OF}


GROUPS: dict[str, type[Group]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Group)
}
GROUP_OF = {name: group for group, model in GROUPS.items() for name in model.model_fields}


def read(environment: Mapping[str, str]) -> Settings:
    """Parse the settings of an environment. Raises BadSetting."""
    called = {name.lower(): name for name in UNPREFIXED if name in environment}  # a setting's name as it was written
    secrets: dict[str, str] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX)
        if key in RENAMED and PREFIX + RENAMED[key] in environment:
            continue  # both are set: the new name counts
        key = RENAMED.get(key, key)
        if key.startswith("SECRET_"):
            secrets[key.removeprefix("SECRET_").lower().replace("_", "-")] = text
        elif key not in TEST_ONLY:
            called[key.lower()] = name
    found = _make({key: environment[name] for key, name in called.items()}, called=called, extra=secrets)
    return _at_home(found) if CHALICE_COMMAND in environment and found.process.stage != "local" else found


def _make(
    values: Mapping[str, object], *, called: Mapping[str, str] | None = None, extra: Mapping[str, str] | None = None
) -> Settings:
    """Put each value into its group. `called` are names as they were written, for the sentence of a refusal."""
    names = {name: f"{PREFIX}{name.upper()}" for name in (*GROUP_OF, *values)} | dict(called or {})
    grouped: dict[str, dict[str, object]] = {group: {} for group in GROUPS}
    for name, value in values.items():
        if name not in GROUP_OF:
            raise BadSetting(f"there is no setting {names[name]}")
        grouped[GROUP_OF[name]][name] = value
    try:
        return Settings.model_validate(grouped | {"extra": extra or {}})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadSetting(sentence(first, GROUPS[str(first["loc"][0])].model_fields, names)) from None


def _at_home(found: Settings) -> Settings:
    """Return a deployed stage's settings as they are at home: Chalice's commands need its names and schedules only.

    `chalice local` without --stage takes the stage dev, whose database sits where no laptop reaches.
    """
    home = Settings.of().by_name()
    return _make(found.by_name() | {name: home[name] for name in HOME_BOUND}, extra=found.extra)


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return read(os.environ)

"""The stages' configuration and policies, as they stand in `.chalice/`."""

import json

from chalice.config import Config

from chalicelib.settings import read
from infra.aws import policies
from tests.support.iam import matches
from tests.support.sources import ROOT

DISK = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
STAGES = ("dev", "prod")
FUNCTIONS = (
    "api_handler",
    "capture_areas",
    "capture_tile",
    "compare_tile",
    "import_areas",
    "index_uploads",
    "migrate",
    "notify_session",
    "operate",
    "reconcile",
)


def config(stage, function=None):
    """Give a stage's configuration, or one of its functions'."""
    given = Config(stage, config_from_disk=DISK, user_provided_params={"project_dir": str(ROOT)})
    return given.scope(stage, function) if function else given


def settings_of(stage):
    """Give the settings that a stage's functions read."""
    return read(config(stage).environment_variables)


def policy(stage, function):
    """Give a function's policy."""
    return json.loads((ROOT / ".chalice" / policies.file_of(stage, function)).read_text(encoding="utf-8"))


def statements(document):
    """Give a policy's statements, whose actions and resources are lists."""
    listed = {"Action", "Resource"}
    return [
        {key: [value] if key in listed and isinstance(value, str) else value for key, value in statement.items()}
        for statement in document["Statement"]
    ]


def granted(stage, function):
    """Give every (action, resource) that a function's policy allows."""
    return {
        (action, resource)
        for statement in statements(policy(stage, function))
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def may(stage, function, action, arn):
    """Tell whether a function may do something to a resource."""
    return any(action == allowed and matches(pattern, arn) for allowed, pattern in granted(stage, function))


def secret_arn(name, prefix="bhuprahari/dev/"):
    """Give the address of a secret."""
    return f"arn:aws:secretsmanager:ap-south-1:111122223333:secret:{prefix}{name}-AbCdEf"


def queues_of(found):
    """Give the names of the queues of a stage's settings."""
    named = found.queues
    own = (named.captures_queue, named.comparisons_queue, named.notifications_queue, named.imports_queue)
    return *own, named.uploads_queue

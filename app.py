"""The app: ports from the settings, the blueprints, and the one HTTP middleware. Nothing else."""

import os
import sys
from pathlib import Path

# Before chalicelib, which another Python may not read. Chalice sets it in its own commands, never in Lambda.
if "AWS_CHALICE_CLI_MODE" in os.environ:  # noqa: TID251
    from infra.aws import plain_chalice

    plain_chalice.check(sys.argv, Path(__file__).parent)

from chalice import Chalice

from chalicelib import logs
from chalicelib.api.middleware import middleware
from chalicelib.api.openapi import APIS
from chalicelib.composition import Ports, process_ports
from chalicelib.functions import capture, compare, imports, migrate, notify, operate, reconcile, uploads


def make_app(ports: Ports) -> Chalice:
    """Make the app with these ports. Its handlers of queues and clock take the process's own."""
    made = Chalice(app_name="bhuprahari", configure_logs=False)
    made.register_middleware(middleware(ports), "http")
    for api in APIS:
        made.register_blueprint(api.blueprint(ports))
    for function in (capture, compare, notify, imports, uploads, reconcile, migrate, operate):
        made.register_blueprint(function.blueprint)
    return made


logs.configure(process_ports().settings.process.log_level, stage=process_ports().settings.process.stage)
app = make_app(process_ports())

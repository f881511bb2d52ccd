"""The app: registers the blueprints and the one HTTP middleware, nothing else."""

from chalice import Chalice

from chalicelib import logs
from chalicelib.api.middleware import finish
from chalicelib.api.openapi import BLUEPRINTS
from chalicelib.functions import capture, compare, migrate, notify, operate, sweep
from chalicelib.settings import settings

logs.configure(settings().log_level, stage=settings().stage)

app = Chalice(app_name="bhuprahari", configure_logs=False)
app.register_middleware(finish, "http")
for blueprint in (*BLUEPRINTS, capture.door, compare.door, notify.door, sweep.door, migrate.door, operate.door):
    app.register_blueprint(blueprint)

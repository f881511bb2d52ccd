"""A stage in the account on this machine: its infrastructure, a deploy, and everybody who uses it."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.aws_stand_in import REGION
from tests.deploy.account import Account, Operator
from tests.deploy.api_front import ApiFront
from tests.deploy.database import database
from tests.deploy.pump import Pump
from tests.e2e.client import Client
from tests.fcm_stand_in import FcmStandIn

NAME = "dev"
ARCHIVE = f"bhuprahari-{NAME}-archive"
MASTER_SECRET = "rds!db-stand-in"


class Stage:
    """The stage `dev`; `account`, `operator`, `fcm` and `pump` are its surroundings."""

    def __init__(self, folder: Path, held: ExitStack) -> None:
        for name in ("lambda", "project", "tls"):
            (folder / name).mkdir()
        self.fcm = held.enter_context(FcmStandIn())
        self.account = Account(folder / "lambda", functions_see={"STAND_IN_OF_FCM": self.fcm.url})
        held.callback(self.account.stop)
        self.operator = Operator(self.account, folder / "project")
        self.address, master, self.authority, self.server = held.enter_context(database(folder / "tls"))
        self.account.client("secretsmanager").create_secret(Name=MASTER_SECRET, SecretString=master)
        self.account.aws.make_bucket(ARCHIVE)
        vendor = folder / "project" / "vendor"
        vendor.mkdir()
        (vendor / "rds-ca.pem").write_bytes(f"# {REGION}\n".encode() + self.authority.read_bytes())
        self.firebase = folder / "firebase.json"
        self.firebase.write_text(self.fcm.secret, encoding="utf-8")
        self.pump = Pump(self.account.client)
        self._folder, self._held, self._fronts = folder, held, []

    def make_infra(self, *more: str) -> str:
        given = ("--set", f"DatabaseEndpoint={self.address}", "--firebase", str(self.firebase))
        return self.operator.make("infra", NAME, *given, *more)

    def set(self, **settings: str) -> None:
        """Change settings of the stage, as its operator."""
        named = {f"BHUPRAHARI_{name.upper()}": text for name, text in settings.items()}
        self.operator.configure(lambda config: config["stages"][NAME]["environment_variables"].update(named))

    def front(self, *, drops_slash: bool = True) -> str:
        """Open the gateway in front of the stage's API; give its address."""
        apis = self.account.client("apigateway").get_rest_apis()["items"]
        assert len(apis) == 1, apis
        front = ApiFront(apis[0]["id"], region=REGION, functions=self.account.client("lambda"), drops_slash=drops_slash)
        self._held.callback(front.stop)
        return f"http://127.0.0.1:{front.port}/v1"

    def put(self, land, which: str) -> None:
        """Lay one of a land's pictures into the stage's archive."""
        folder = self._folder / which
        folder.mkdir()
        land.put(folder, which)
        for path in folder.iterdir():
            self.account.client("s3").upload_file(str(path), ARCHIVE, path.name)
        shutil.rmtree(folder)

    def supervise(self, client: Client, area: int) -> dict:
        """Tap the one button, and let the queues run empty; give the session with its details."""
        first = client.call("POST", f"monitor/capture/{area}/")["session"]
        self.pump.settle()
        assert not self.pump.failures
        assert client.call("POST", f"monitor/compare/{area}/")["session"]["id"] == first["id"]
        return client.call("GET", f"alerts/sessions/{first['id']}/details/")


@contextmanager
def stage(folder: Path):
    """Make the surroundings of a stage; nothing is deployed yet."""
    assert sys.version_info[:2] == (3, 12)
    with ExitStack() as held:
        yield Stage(folder, held)

"""A stage in the account on this machine: its infrastructure, a deploy, and everybody who uses it."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pymysql
from sqlalchemy.engine import make_url

from tests.deploy.account import Account, Operator
from tests.deploy.api_front import ApiFront
from tests.deploy.database import database
from tests.deploy.pump import Pump
from tests.support.running.client import Client
from tests.support.standins.aws import REGION
from tests.support.standins.fcm import FcmStandIn

NAME = "dev"
ARCHIVE = f"bhuprahari-{NAME}-archive"
MASTER_SECRET = "rds!db-stand-in"


class Stage:
    """The stage `dev`; `account`, `operator`, `fcm` and `pump` are its surroundings."""

    def __init__(self, folder: Path, held: ExitStack, *, records: bool) -> None:
        for name in ("lambda", "project", "tls"):
            (folder / name).mkdir()
        recording = {"RECORD_CALLS": "1"} if records else {}
        self.fcm = held.enter_context(FcmStandIn())
        self.account = Account(folder / "lambda", functions_see={"STAND_IN_OF_FCM": self.fcm.url} | recording)
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
        self._folder, self._held = folder, held

    @property
    def given(self) -> tuple[str, ...]:
        """Give what `infra` is to be told."""
        return ("--set", f"DatabaseEndpoint={self.address}", "--firebase", str(self.firebase))

    def set(self, **settings: str) -> None:
        """Change settings of the stage, as its operator."""
        named = {f"BHUPRAHARI_{name.upper()}": text for name, text in settings.items()}
        self.operator.configure(lambda config: config["stages"][NAME]["environment_variables"].update(named))

    def secret(self, name: str) -> str:
        """Give the text of one of the stage's secrets."""
        client = self.account.client("secretsmanager")
        return client.get_secret_value(SecretId=f"bhuprahari/{NAME}/{name}")["SecretString"]

    def operate(self, **command: object) -> dict:
        """Give a command to the stage's `operate`; it must not fail."""
        client = self.account.client("lambda")
        answer = client.invoke(FunctionName=f"bhuprahari-{NAME}-operate", Payload=json.dumps(command))
        told = json.loads(answer["Payload"].read())
        assert not answer.get("FunctionError"), told
        return told

    def policy(self, function: str) -> dict:
        """Give the policy that a function was deployed with."""
        iam, name = self.account.client("iam"), f"bhuprahari-{NAME}-{function}"
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        return iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]

    def sql(self, statement: str) -> list[tuple]:
        """Ask the database as the server's owner."""
        url = make_url(self.server.url)
        place = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "autocommit": True}
        with pymysql.connect(**place) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    @property
    def mappings(self) -> list[dict]:
        return self.account.client("lambda").list_event_source_mappings()["EventSourceMappings"]

    @contextmanager
    def pumping(self):
        """Let messages flow meanwhile, as they do on AWS."""
        over = Event()

        def pump() -> None:
            while not over.wait(0.2):
                self.pump.settle()

        thread = Thread(target=pump, daemon=True)
        thread.start()
        yield
        over.set()
        thread.join()

    def front(self, *, drops_slash: bool = True) -> str:
        """Open the gateway in front of the stage's API; give its address."""
        functions = self.account.client("lambda")
        front = ApiFront(self.operator.api_id, region=REGION, functions=functions, drops_slash=drops_slash)
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

    def take_away(self, land, which: str) -> None:
        """Take one of a land's pictures out of the stage's archive again, if it is there."""
        for suffix in (".json", ".png"):
            self.account.client("s3").delete_object(Bucket=ARCHIVE, Key=f"{land.name}-{which}{suffix}")

    def supervise(self, client: Client, area: int) -> dict:
        """Tap the one button, and let the queues run empty; give the session with its details."""
        first = client.call("POST", f"monitor/capture/{area}/")["session"]
        self.pump.settle()
        assert not self.pump.failures
        assert client.call("POST", f"monitor/compare/{area}/")["session"]["id"] == first["id"]
        return client.call("GET", f"alerts/sessions/{first['id']}/details/")


@contextmanager
def stage(folder: Path, *, records: bool = False):
    """Make the surroundings of a stage; nothing is deployed yet. `records` what its functions ask of AWS."""
    assert sys.version_info[:2] == (3, 12)
    with ExitStack() as held:
        yield Stage(folder, held, records=records)

"""The two ways of upgrading a home: on one machine, and on a server without an interruption."""

import time

from tests.same_as.home import DAYS, UNSEEN
from tests.same_as.keeping import Held, ended_well, same_people, shown
from tests.same_as.processes import Client, Local, Process
from tests.same_as.releases import run
from tests.support.databases.mysql_server import free_port

_, SECOND, THIRD, FOURTH = DAYS
TICKED = ('"function": "sweep"', '"function": "reconcile"')  # the minute's function, in the clock's log
STANDS_BY_S = 4


def on_one_machine(home, before, after, report):
    """Stop the old code, migrate, start the new code."""
    with _local(before, home) as old:
        held = Held(old.url)
    migrated(after, home, report)
    with _local(after, home) as new:
        same_people(held, new.url, report)
        owner = Client(new.url, token=held.tokens[0]["access_token"])
        begun = _begun(owner, held.areas[UNSEEN[0]], home, SECOND)
        ended_well(owner, begun, "a new session on the new code", report, finds=True)


def in_the_middle(home, before, after, report):
    """Stop the old code in the middle of a session: the new code finishes it."""
    with _local(before, home) as old:
        held = Held(old.url)
        begun = _begun(held.clients[0], held.areas[UNSEEN[0]], home, SECOND)
    migrated(after, home, report)
    with _local(after, home) as new:
        owner = Client(new.url, token=held.tokens[0]["access_token"])
        ended_well(owner, begun, "messages of the old code, worked on by the new", report, finds=True)
        begun = _begun(owner, held.areas["Village"], home, THIRD)
        ended_well(owner, begun, "the session after it", report)


def _local(tree, home):
    settings = {name: value for name, value in home.settings.items() if name != "home"}  # the command line names it
    return Local(tree, home.folder, "--no-demo", **settings)


class Server:
    """The processes of one release on a server; each is started and stopped alone."""

    def __init__(self, tree, home, stack):
        self._tree, self._home, self._stack = tree, home, stack
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, name, *options, ready=""):
        process = Process(self._tree, "infra.server", name, *options, ready=ready, settings=self._home.settings)
        return self._stack.enter_context(process)

    def api(self):
        process = self.start("api", "--bind", f"127.0.0.1:{self.port}", "--processes", "1", "--threads", "8")
        Client(self.url).until_up(process)
        return process

    def worker(self):
        return self.start("worker", ready="working on jobs")

    def clock(self):
        return self.start("clock", ready="the clock runs")


def on_a_server(home, before, after, report, stack):
    """Bring the new code up beside the old, let each work on the other's messages, and take the old one away."""
    old, new = Server(before, home, stack), Server(after, home, stack)
    old_api, old_clock = old.api(), old.clock()
    old_clock.wait_for(*TICKED, within_s=30)
    held = Held(old.url)
    old_owner = held.clients[0]
    migrated(after, home, report)
    report.kept("the old code shows the same after the migration", held.seen, shown(held.clients))
    new_api, new_clock = new.api(), new.clock()
    same_people(held, new.url, report)
    report.kept("the old code shows the same while the new one serves", held.seen, shown(held.at(old.url)))
    new_owner = Client(new.url, token=held.tokens[0]["access_token"])

    begun = _begun(old_owner, held.areas[UNSEEN[0]], home, SECOND)
    new_worker = new.worker()
    ended_well(new_owner, begun, "messages of the old code, worked on by the new", report, finds=True)
    new_worker.stop()
    begun = _begun(new_owner, held.areas[UNSEEN[1]], home, SECOND)
    old_worker = old.worker()
    ended_well(old_owner, begun, "messages of the new code, worked on by the old", report, finds=True)
    new_worker = new.worker()
    begun = _begun(old_owner, held.areas["Village"], home, THIRD)
    ended_well(new_owner, begun, "a session with a worker of each", report)
    report.kept("both show the same of these", shown([old_owner]), shown([new_owner]))

    time.sleep(STANDS_BY_S)
    report.holds(not _ticks(new_clock), "the new clock stands by while the old one ticks", new_clock.said[-3:])
    stopped = [process.stop() for process in (old_clock, old_worker, old_api)]
    report.holds(stopped == [0, 0, 0], "the old processes end in good order", stopped)
    new_clock.wait_for(*TICKED, within_s=30)
    report.holds(True, "the new clock ticks when the old one has gone")
    begun = _begun(new_owner, held.areas["Village"], home, FOURTH)
    ended_well(new_owner, begun, "a session on the new code alone", report)
    stopped = [process.stop() for process in (new_clock, new_worker, new_api)]
    report.holds(stopped == [0, 0, 0], "the new processes end in good order", stopped)


def migrated(tree, home, report):
    """Bring a home's database to a release's schema, with its own command."""
    status, said = run(tree, "-m", "infra.migrate", **home.settings)
    report.holds(status == 0, f"migrate: the database {said.strip().partition(' is ')[2]}", said[-500:])


def _begun(client, area, home, day):
    """Begin a session over the landscape of a day; give its id."""
    home.show(day)
    return client.call("POST", f"api/monitor/capture/{area}")["session"]["id"]


def _ticks(clock):
    return [line for line in clock.said if any(word in line for word in TICKED)]

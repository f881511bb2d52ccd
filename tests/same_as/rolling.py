"""An upgrade of a filled home while the old code serves: python -m tests.same_as.rolling 548a6ad [sqlite | mysql].

On SQLite one release after the other, as a home has one worker; on MySQL or MariaDB both at once, as on a server.
Prints what was compared, and exits with 1 if anything was lost.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.same_as.home import ENGINES, a_filled_home
from tests.same_as.keeping import Report
from tests.same_as.releases import RELEASE, NoRelease, checked_out, tree_of
from tests.same_as.upgrades import in_the_middle, on_a_server, on_one_machine
from tests.support.databases.mysql_server import find_server, start_server


def main(arguments=None):
    options = argparse.ArgumentParser(prog="python -m tests.same_as.rolling", description=__doc__)
    options.add_argument("release", nargs="?", default=RELEASE, help="a commit or tag (default %(default)s)")
    options.add_argument("engine", nargs="?", choices=ENGINES, help="one of both")
    options.add_argument("--now", metavar="REVISION", help="a later release instead of this tree")
    asked = options.parse_args(arguments)
    reports = []
    for engine in (asked.engine,) if asked.engine else ENGINES:
        began = time.monotonic()
        print(f"{engine}: from {asked.release} to {asked.now or 'this tree'}", flush=True)
        try:
            reports.append(upgraded(engine, asked.release, asked.now))
        except NoRelease as error:
            print(f"cannot compare: {error}", file=sys.stderr)
            return 2
        print(f"{engine}: {reports[-1].said} in {time.monotonic() - began:.0f} s", flush=True)
    return 1 if any(report.wrong for report in reports) else 0


def upgraded(engine, release, now=None):
    """Upgrade a filled home; give what was compared. Without a MySQL server, NoRelease says so."""
    report = Report()
    with ExitStack() as stack:
        before, after = stack.enter_context(checked_out(release)), stack.enter_context(tree_of(now))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bhu-"))).resolve() / "home"
        if engine == "sqlite":
            for number, upgrade in enumerate((on_one_machine, in_the_middle)):
                home = a_filled_home(engine, folder / str(number), release=release)
                report.within(partial(upgrade, home, before, after, report))
        else:
            program = find_server()
            if program is None:
                raise NoRelease("there is no MySQL or MariaDB server on the PATH")
            server = start_server(program)
            stack.callback(server.stop)
            home = a_filled_home(engine, folder, server=server, release=release)
            report.within(partial(on_a_server, home, before, after, report, stack))
    return report


if __name__ == "__main__":
    sys.exit(main())

"""What the make targets of AWS run: python -m infra.aws infra|deploy|finish|smoke|destroy|size [options].

AWS_DEFAULT_REGION and the usual credentials say where. Every failure is one sentence and exit status 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import destroy, infrastructure, release, size, smoke
from infra.aws.account import Account
from infra.aws_errors import explained
from infra.errors import OperatorError


def main(arguments: list[str] | None = None, *, root: Path | None = None) -> int:
    """Run the command in a checkout, the working folder if none is named; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options, root or Path.cwd())
    except OperatorError as error:
        print(f"{options.command} stopped: {error}", file=sys.stderr)
    except (ClientError, BotoCoreError, Boto3Error) as error:  # the last is an upload's
        print(f"{options.command} stopped: {explained(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\n{options.command} stopped by you: run it again, it goes on where it was.", file=sys.stderr)
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.aws", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, text in (
        ("infra", _infra, "make or change what a stage needs, and write it into .chalice/config.json"),
        ("deploy", _deploy, "publish the layers, migrate, and deploy the functions and the API"),
        ("destroy", _destroy, "remove a stage; the database's last snapshot and the images stay"),
    ):
        made = commands.add_parser(name, help=text)
        made.add_argument("stage")
        made.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        made.set_defaults(run=run)
        if name == "infra":
            made.add_argument("--set", nargs="*", default=[], metavar="Parameter=value", help="of infra/aws/stage.yaml")
            made.add_argument("--firebase", type=Path, help="the service account's JSON file")
        elif name == "destroy":
            made.add_argument("--yes", action="store_true", help="do not ask")
            made.add_argument("--everything", action="store_true", help="the images and the snapshot too")
    rest = commands.add_parser("finish", help="after a chalice deploy: what it has no key for, and the migration")
    rest.add_argument("stage")
    rest.set_defaults(run=lambda options, root: release.complete(Account(), root, options.stage))
    walk = commands.add_parser("smoke", help="walk the contract on a live stage")
    walk.add_argument("url", help="as deploy printed it")
    walk.set_defaults(run=lambda options, _root: smoke.walk(options.url))
    sizes = commands.add_parser("size", help="MiB of each function with its layers")
    sizes.add_argument("stage")
    sizes.set_defaults(run=lambda options, root: size.check(root, options.stage))
    return parser


def _infra(options: argparse.Namespace, root: Path) -> None:
    infrastructure.make(
        Account(), root, options.stage, given=options.set, firebase=options.firebase, dry_run=options.dry_run
    )


def _deploy(options: argparse.Namespace, root: Path) -> None:
    release.deploy(Account(), root, options.stage, dry_run=options.dry_run)


def _destroy(options: argparse.Namespace, root: Path) -> None:
    destroy.destroy(
        Account(), root, options.stage, dry_run=options.dry_run, asks=not options.yes, everything=options.everything
    )


if __name__ == "__main__":
    sys.exit(main())

"""Run histories by their seeds, and say what they held and which of them broke an invariant."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation import mutants, report
from tests.simulation.running import run_seeds, told


def main() -> int:
    """Run what the command line says; 1 if an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many histories")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed")
    parser.add_argument("--queue", choices=("home", "sqs"), help="one queue only; else each history draws its own")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--told", action="store_true", help="tell the whole history of --first")
    parser.add_argument("--keep-going", action="store_true", help="also after a violation; list all of them")
    parser.add_argument("--mutants", nargs="*", metavar="NAME", help="remove each guard: is it missed?")
    asked = parser.parse_args()
    if asked.mutants is not None:
        return mutants.hunt(asked.mutants, seeds=asked.seeds, first=asked.first, jobs=asked.jobs)
    if asked.told:
        print(told(asked.first, queue=asked.queue))
        return 0
    began = time.perf_counter()
    total = report.Total()
    seeds = range(asked.first, asked.first + asked.seeds)
    for one in run_seeds(seeds, queue=asked.queue, jobs=asked.jobs):
        total.add(one)
        for violation in one.violations[:1] if asked.keep_going else ():
            print(f"seed {one.seed}, {one.queue}: {violation.invariant}: {violation.says}", flush=True)
        if one.violations and not asked.keep_going:
            print(told(one.seed, queue=asked.queue))
            break
    print(total.text(seconds=time.perf_counter() - began, jobs=asked.jobs))
    return 1 if total.broken else 0


if __name__ == "__main__":
    sys.exit(main())

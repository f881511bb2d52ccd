"""The dry run's numbers on real pairs, beside what those settings tell when the pairs are watched with them.

python -m tests.bench.dry_run [--pairs N]
"""

import argparse
import tempfile
from pathlib import Path

import cv2

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.schema.migrate import to_head
from chalicelib.domain.kinds import Kind
from chalicelib.domain.thresholds import Sensitivity, Thresholds
from tests.support.running.pairs import real_pairs, rendered_pairs
from tests.support.running.watched_tile import SIDE, USUAL, a_trip, tried, watch

BUILT = frozenset({Kind.BUILT, Kind.ROAD})
SETTINGS = {
    "as they are": USUAL,
    "sensitivity low": Thresholds(min_changed_area_m2=25.0, sensitivity=Sensitivity.LOW),
    "sensitivity high": Thresholds(min_changed_area_m2=25.0, sensitivity=Sensitivity.HIGH),
    "200 m2": Thresholds(min_changed_area_m2=200.0),
    "built and road": Thresholds(min_changed_area_m2=25.0, alert_kinds=BUILT),
    "low, 200 m2, built": Thresholds(min_changed_area_m2=200.0, sensitivity=Sensitivity.LOW, alert_kinds=BUILT),
}


def main():
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    most = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        pairs = real_pairs(most) or rendered_pairs(folder, most)
        pictures = [
            [cv2.resize(cv2.imread(str(path)), (SIDE, SIDE)) for path in (one.before, one.after)] for one in pairs
        ]
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        to_head(engine)
        trip = a_trip(engine)
        watched = {name: [watch(trip, two, said) for two in pictures] for name, said in SETTINGS.items()}
        report(trip, watched, len(pairs))


def read(path):
    """Read a picture as large as the tile's."""
    return cv2.resize(cv2.imread(str(path)), (SIDE, SIDE))


def report(trip, watched, pairs):
    """Print a line for each of the settings."""
    usual = [area for area, _ in watched["as they are"]]
    print(f"{pairs} pairs, by the dry run over what was watched as it is, and as watched with these settings")
    for name, said in SETTINGS.items():
        outcomes = [tried(trip, area, said) for area in usual]
        then, may_come = (sum(one.total(number) for one in outcomes) for number in ("alerts_then", "may_come"))
        really = [told[-1] for _, told in watched[name]]
        off = sum(one.total("alerts_then") != len(told) for one, told in zip(outcomes, really, strict=True))
        regions = sum(one.regions_then for one in outcomes), sum(map(sum, really))
        print(
            f"  {name:20} dry run {then:3} alerts of {regions[0]:3} regions, {may_come:2} may come; "
            f"watched {sum(map(len, really)):3} of {regions[1]:3}; another number in {off} areas"
        )


if __name__ == "__main__":
    main()

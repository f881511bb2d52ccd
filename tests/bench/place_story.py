"""One place through ten sessions, over a seam of tiles, as a table and as a picture: what people are told of it.

Run as `python -m tests.bench.place_story [--into build/place-story]`. The land is drawn, the comparison and the trip
are the product's own, on a SQLite file. A hall stands across the seam of two tiles from the third session on, wider
than their margins; it is extended twice, and what stands is accepted after the sixth session. Each row of the picture
is a session: the two tiles side by side, the place's outlines as known then in red where it was told, else in yellow.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np

from chalicelib.adapters.database.engine import make_engine
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tiles import Tile, View, tiles_covering
from chalicelib.vision.changes import compare, compare_with_baseline
from tests.support.builders.domain import SPRING
from tests.support.builders.land import land
from tests.support.databases.copies import migrate
from tests.support.trip import Trip

GRID = Grid(zoom=18, tile_px=256, margin_px=32)  # 0.56 m a pixel
SEAM, TOP, TALL = 512, 410, 36  # in pixels of the drawn land: where the seam is, where the hall stands
REACH = {1: 0, 2: 0, 3: 50, 4: 50, 5: 75, 6: 75, 7: 75, 8: 105, 9: 105, 10: 105}  # of the hall, east of the seam
SESSIONS, ACCEPTED_AFTER = 10, 6
TOLD, SEEN = (40, 40, 230), (40, 220, 240)


def drawn(number: int) -> np.ndarray:
    """Draw the whole land as it is in a session, with that day's light and noise."""
    picture = land(1024, seed=3)
    reach = REACH[number]
    if reach:
        left, right, bottom = SEAM - 50, SEAM + reach, TOP + TALL
        cv2.rectangle(picture, (left + 6, TOP + 6), (right + 5, bottom + 5), (32, 36, 36), -1)
        cv2.rectangle(picture, (left, TOP), (right - 1, TOP + TALL // 2), (150, 160, 200), -1)
        cv2.rectangle(picture, (left, TOP + TALL // 2), (right - 1, bottom - 1), (120, 130, 170), -1)
    random = np.random.default_rng(number)
    light = random.uniform(0.92, 1.08)
    return np.clip(picture * light + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


class Story:
    """The trip over that land."""

    def __init__(self, url: str) -> None:
        migrate(url)
        self.trip = Trip(make_engine(url))
        self.trip.compare, self.trip.compare_with_baseline = compare, compare_with_baseline
        self.area = self.trip.add_area(tiles=1, grid=GRID)
        self.corner = next(tiles_covering(self.area.extent.bounds, GRID.zoom))

    def steps(self, tile: Tile) -> tuple[int, int]:
        """Return how many tiles east and south of the first one it is."""
        return tile.x - self.corner.x, tile.y - self.corner.y

    def show(self, number: int) -> np.ndarray:
        """Let the provider show a session's land; return what it shows."""
        picture = drawn(number)
        size = GRID.tile_px + 2 * GRID.margin_px

        def of(view: View) -> bytes:
            left, top = (256 * (1 + n) - GRID.margin_px for n in self.steps(view.tile))
            return cv2.imencode(".png", picture[top : top + size, left : left + size])[1].tobytes()

        self.trip.imagery.show(f"session {number}", SPRING + timedelta(days=4 * number), of)
        return picture

    def look(self, number: int) -> tuple[str, np.ndarray]:
        """Run a session; return its line of the table and its row of the picture."""
        picture = self.show(number)
        session = self.trip.capture_now(self.area)
        self.trip.work()
        alerts = [alert for alert, _ in self.trip.alerts_of(session)]
        user_id = self.trip.user.user_id
        found = self.trip.places.of_user(user_id, wanted=PlaceFilter(), page=PageRequest(10)).items
        row = picture[256:512, 256:768].copy()
        says = []
        for place in found:
            seen = self.trip.places.history(place.place_id, most=100)
            now = seen[-1] if seen[-1].session_id == session.session_id else None
            tiles = ", ".join(f"{each.tile.x - self.corner.x}" for each in now.tiles) if now else "-"
            says.append(
                f"place {place.place_id} {place.state:<8} {place.area_m2:7.1f} m2  on tiles {tiles:<5}"
                f" {'told' if now and now.is_told else 'seen' if now else ''}"
            )
            self.draw(row, self.trip.places.get(place.place_id, user_id=user_id).outlines, TOLD if alerts else SEEN)
        told = "; ".join(alert.change_log["message"] for alert in alerts) or "nothing"
        status = self.trip.session(session).status.removeprefix("COMPLETED_")
        cv2.putText(row, str(number), (6, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2, cv2.LINE_AA)
        return f"{number:>2}  {status:<16} {' | '.join(says) or '-':<58} tells: {told}", row

    def draw(self, row: np.ndarray, outlines, colour) -> None:
        """Draw outlines on the first row of tiles, and the seam."""
        view = View(tile=self.corner, tile_px=GRID.tile_px, margin_px=0)
        for outline in outlines:
            for ring in outline:
                corners = np.array([view.pixel(*corner) for corner in ring])
                cv2.polylines(row, [np.round(corners).astype(np.int32)], True, colour, 2, cv2.LINE_AA)
        cv2.line(row, (256, 0), (256, 256), (200, 200, 200), 1)


def main() -> None:
    """Tell the story."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=Path("build/place-story"))
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        story = Story(f"sqlite:///{folder}/story.db")
        rows = []
        for number in range(1, SESSIONS + 1):
            line, row = story.look(number)
            print(line)
            rows.append(row)
            if number == ACCEPTED_AFTER:
                story.trip.wait(minutes=1)
                accepted = {"user_id": story.trip.user.user_id, "now": story.trip.now}
                settled = story.trip.places.accept_baseline(story.area.area_id, **accepted)
                print(f"    accepted as it looks now: {settled} place settled")
                story.trip.wait(minutes=1)
        story.trip.engine.dispose()
    half = len(rows) // 2
    sheet = np.hstack([np.vstack(rows[:half]), np.vstack(rows[half:])])
    path = options.into / "sessions.png"
    cv2.imwrite(str(path), sheet)
    print(path)


if __name__ == "__main__":
    main()

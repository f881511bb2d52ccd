"""How areas come not to be seen, day by day, and what people are told of it: for the tests of state notices."""

from datetime import timedelta

from chalicelib.domain.errors import ProviderRefused
from tests.support.builders.domain import NOON, a_change

CLEAR, PARTLY, BLIND = 1.0, 0.5, 0.1
DAY = timedelta(days=1)


def register(trip, user, token):
    trip.accounts.add_device(user.user_id, token=token, platform="android", now=trip.now)


def look(trip, area, clear_share, *, m2=None):
    """Run a session now on a scene of today."""
    trip.clear_share = clear_share
    trip.show(f"scene {trip.now}", days=(trip.now - NOON) / DAY, change=a_change(m2, clear_share=clear_share))
    trip.capture_now(area)
    trip.work()


def settle(trip):
    trip.reconcile()
    trip.work()


def days(trip, areas, clear_shares, *, m2=None):
    """Let days pass: each area has its session, an hour later the clock ticks."""
    for clear_share in clear_shares:
        for area in areas:
            look(trip, area, clear_share, m2=m2)
        trip.wait(hours=1)
        settle(trip)
        trip.wait(hours=23)


def told(trip, address="phone"):
    """Give the titles of what a phone has shown of areas' states."""
    return [notice.title for notice, target in trip.push.pushes if target.address == address and is_of_states(notice)]


def is_of_states(notice):
    return notice.collapse_key.startswith("areas-")


def sentences(trip):
    return [notice.body for notice, _ in trip.push.pushes if is_of_states(notice)]


def value(trip, query):
    with trip.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def refuse(*_args, **_kwargs):
    raise ProviderRefused("the provider answered 403: quota")


def due(trip, *, areas=1):
    """Bring a user's areas to where a message is due, and not decided."""
    made = [trip.add_area(tiles=1, name=f"Area {number}") for number in range(areas)]
    for area in made:
        look(trip, area, BLIND)
    trip.wait(days=14)
    return made

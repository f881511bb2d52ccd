"""The home that an old release filled goes on under this one: the next look compares with what that release stored."""

from sqlalchemy import make_url

from tests.same_as.keep_home import BARN, HUT, ROOF, put_land
from tests.support.databases.copies import migrate
from tests.support.old_home.restoring import kept_json, restore
from tests.support.running.client import Client, Server


def test_the_next_look_compares_with_the_image_of_the_old_release(tmp_path, empty_database_url):
    home, archive = tmp_path / "home", tmp_path / "archive"
    for folder in (home, archive):
        folder.mkdir()
    restore(empty_database_url, home)
    migrate(empty_database_url)
    owner, _ = kept_json(make_url(empty_database_url).get_backend_name(), "held")["people"]
    put_land(archive, "2025-09-15T05:30:00Z", ROOF, HUT, BARN)
    settings = {"database_url": empty_database_url, "capture_schedule": "rate(1 day)"}
    with Server(home, "--archive", str(archive), "--no-demo", **settings) as server:
        client = Client(server.url, **owner)
        (area,) = client.call("GET", "area-configs/")
        old = {tile["imagePath"].split("?")[0] for tile in client.call("GET", f"monitor/image-tiles/area/{area['id']}")}
        session = client.supervise_now(area["id"])
        assert session["countsByVerdict"] == {"CHANGED": 1, "NO_CHANGE": 1}
        (alert,) = session["alert_details"]
        assert alert["previousImagePath"].split("?")[0] in old
        assert alert["currentImagePath"].split("?")[0] not in old
        for name in ("previousImagePath", "currentImagePath"):
            assert client.load(alert[name]).status_code == 200

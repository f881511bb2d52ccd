"""What every store of images keeps to: the folder, S3 (on a stand-in), and the fake."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chalicelib.adapters.images.folder import MARK, FolderImages
from chalicelib.adapters.images.s3 import S3Images
from chalicelib.application.ports.images import Images
from chalicelib.domain.errors import Invalid, NotFound, Unavailable
from tests.support.fakes.images import MemoryImages
from tests.support.standins.aws import away, aws

KEY = "7/12-17-93000-55000-image-0123456789abcdef0123456789abcdef.png"
ARCHIVE = "exports/7-a_b-c-1.zip"


@pytest.fixture(params=["folder", "s3", "memory"])
def images(request, tmp_path: Path) -> Images:
    if request.param == "folder":
        return made(tmp_path / "images")
    if request.param == "s3":
        return S3Images(aws().client("s3"), bucket=aws().make_bucket())
    return MemoryImages(now=datetime.now(UTC))


@pytest.fixture(params=["folder", "s3: no service", "s3: no bucket", "memory"])
def unreachable(request, tmp_path: Path) -> Images:
    if request.param == "folder":
        (tmp_path / "images").write_text("a file where the folder should be")
        return FolderImages(tmp_path / "images")
    if request.param == "s3: no service":
        return S3Images(away("s3"), bucket="any")
    if request.param == "s3: no bucket":
        return S3Images(aws().client("s3"), bucket="nobody-made-this-one")
    images = MemoryImages()
    images.away = True
    return images


def made(root: Path) -> FolderImages:
    """Give the images of a folder that is made, as at a start."""
    folder = FolderImages(root)
    folder.make(is_used=False)
    return folder


def keys(images: Images, after: str = "", **options) -> list[str]:
    return [item.key for item in images.keys_after(after, **options)]


def test_what_was_put_is_what_is_got(images):
    content = bytes(range(256)) * 2000
    images.put(KEY, content)
    assert images.get(KEY) == content


def test_an_image_may_be_empty(images):
    images.put(KEY, b"")
    assert images.get(KEY) == b""


def test_a_key_that_was_never_put_is_not_found(images):
    images.put("7/another.png", b"x")
    for key in (KEY, "7", "7/", "", "../secret", "/etc/passwd"):
        with pytest.raises(NotFound, match="there is no such image"):
            images.get(key)


def test_a_key_is_written_once(images):
    images.put(KEY, b"first")
    images.put(KEY, b"second")
    assert images.get(KEY) == b"first"


UNFIT = ["", "/a.png", "a/", "a//b", "../a.png", "7/../8/a.png", "7/./a", "a b", "a\nb", "a\\b", "ü.png", ".a", "a%2e"]


def test_a_key_with_anything_but_plain_segments_is_refused(images):
    for key in [*UNFIT, "a" * 513]:
        with pytest.raises(Invalid, match="an image key must be made of"):
            images.put(key, b"x")
    assert keys(images) == []


def test_deleting_takes_away_what_is_there_and_minds_nothing_else(images):
    for key in ("1/a.png", "1/b.png", "2/a.png"):
        images.put(key, b"x")
    images.delete(iter(["1/a.png", "1/never.png", "9/never.png", "2/a.png", "../secret", "1/a.png/deeper"]))
    assert keys(images) == ["1/b.png"]
    images.delete([])
    images.delete(["1/b.png"])
    assert keys(images) == []


def test_a_deleted_key_may_be_put_again(images):
    images.put(KEY, b"first")
    images.delete([KEY])
    images.put(KEY, b"second")
    assert images.get(KEY) == b"second"


UNSORTED = [
    "a/x.png",
    "a0.png",
    "a-b/x.png",
    "a.png",
    "a/b/c.png",
    "a/b.png",
    "a/b-c.png",
    "B.png",
    "10/x.png",
    "9/x.png",
]


def test_keys_are_listed_in_the_order_of_their_bytes_across_folders(images):
    for key in UNSORTED:
        images.put(key, b"x")
    assert keys(images) == sorted(UNSORTED, key=str.encode)


def test_a_listing_goes_on_after_any_key(images):
    for key in UNSORTED:
        images.put(key, b"x")
    for after in [*UNSORTED, "a/", "a/b/", "a", "0", "zzz", "a/b/d", "a!"]:
        assert keys(images, after) == sorted(key for key in UNSORTED if key > after), after


def test_a_listing_in_parts_shows_every_key_once(images):
    for key in UNSORTED:
        images.put(key, b"x")
    seen: list[str] = []
    while part := keys(images, seen[-1] if seen else "", limit=3):
        assert len(part) <= 3
        seen += part
    assert seen == sorted(UNSORTED)


def test_a_listing_keeps_to_its_prefix(images):
    for key in UNSORTED:
        images.put(key, b"x")
    for prefix in ("a", "a/", "a/b", "a-", "10/", "nothing"):
        begun = sorted(key for key in UNSORTED if key.startswith(prefix))
        assert keys(images, prefix=prefix) == begun, prefix
        assert keys(images, "a/b.png", prefix=prefix) == [key for key in begun if key > "a/b.png"], prefix


def test_a_listing_says_when_an_object_was_written(images):
    images.put(KEY, b"x")
    [item] = images.keys_after("")
    assert abs(item.modified_at - datetime.now(UTC)) < timedelta(minutes=1)  # aware, or this raises


def test_a_store_that_is_there_passes_its_check(images):
    images.check()


def test_a_store_that_is_away_says_so_in_every_call(unreachable):
    with pytest.raises(Unavailable):
        unreachable.check()
    with pytest.raises(Unavailable):
        unreachable.get(KEY)
    with pytest.raises(Unavailable):
        unreachable.put(KEY, b"x")
    with pytest.raises(Unavailable):
        unreachable.keys_after("")


def test_nothing_is_known_about_an_image_in_a_bucket_that_is_away():
    for images in (S3Images(away("s3"), bucket="any"), S3Images(aws().client("s3"), bucket="nobody-made-this-one")):
        with pytest.raises(Unavailable, match="the image bucket does not answer as it should: "):
            images.get(KEY)
        with pytest.raises(Unavailable, match="the image bucket does not answer as it should: "):
            images.delete([KEY])


def test_files_and_the_fake_have_no_links_of_their_own(tmp_path):
    assert FolderImages(tmp_path).link(KEY, expires_s=60) is None
    assert MemoryImages().link(KEY, expires_s=60) is None


def test_an_s3_link_serves_one_image_to_a_bare_client():
    bucket = aws().make_bucket()
    images = S3Images(aws().client("s3"), bucket=bucket)
    images.put(KEY, b"\x89PNG")
    link = images.link(KEY, expires_s=300)
    answer = requests.get(link, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"\x89PNG")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    query = parse_qs(urlsplit(link).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert "X-Amz-Signature" in query
    assert urlsplit(link).path.endswith(KEY)


def test_an_s3_object_says_that_it_is_a_png():
    bucket = aws().make_bucket()
    S3Images(aws().client("s3"), bucket=bucket).put(KEY, b"x")
    assert aws().client("s3").head_object(Bucket=bucket, Key=KEY)["ContentType"] == "image/png"


def test_more_than_a_thousand_objects_are_deleted_in_thousands():
    bucket = aws().make_bucket()
    client = aws().own_client("s3")
    requested: list[int] = []
    client.meta.events.register(
        "provide-client-params.s3.DeleteObjects",
        lambda params, **_: requested.append(len(params["Delete"]["Objects"])),
    )
    S3Images(client, bucket=bucket).delete(f"7/{number}.png" for number in range(2001))
    assert requested == [1000, 1000, 1]


def test_a_listing_goes_beyond_one_page_of_s3():
    bucket = aws().make_bucket()
    client = aws().own_client("s3")
    images = S3Images(client, bucket=bucket)
    for number in range(12):
        images.put(f"7/{number:02}.png", b"x")
    client.meta.events.register("provide-client-params.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=5))
    assert len(keys(images)) == 12
    assert keys(images, limit=7) == [f"7/{number:02}.png" for number in range(7)]


def test_half_an_image_is_never_seen_in_the_folder(tmp_path):
    """A write that dies leaves nothing that a listing or a get shows, and the next one succeeds."""

    images = made(tmp_path)
    with pytest.raises(RuntimeError):
        images.put_file(KEY, Mock(read=Mock(side_effect=[b"half", RuntimeError])), media_type="")
    assert keys(images) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / MARK]
    (tmp_path / "7" / ".left-by-a-crash.part").write_bytes(b"half")
    assert keys(images) == []
    images.put(KEY, b"whole")
    assert images.get(KEY) == b"whole"


def test_a_folder_key_cannot_reach_outside(tmp_path):
    (tmp_path / "secret").write_text("outside")
    images = made(tmp_path / "images")
    images.put("7/a.png", b"x")
    with pytest.raises(NotFound):
        images.get("../secret")
    images.delete(["../secret", "7/../../secret"])
    assert (tmp_path / "secret").read_text() == "outside"


def test_a_folder_that_is_not_there_is_not_listed_as_an_empty_one(tmp_path: Path):
    """A disk that is not mounted: whoever compares rows with a listing must not take all of them for lost."""
    with pytest.raises(Unavailable, match="the image folder is not there"):
        FolderImages(tmp_path / "images").keys_after("")


def test_a_disk_that_is_away_takes_nothing_and_loses_nothing(tmp_path: Path):
    root = tmp_path / "disk" / "images"
    images = made(root)
    images.put(KEY, b"x")
    for is_mount_point_left in (False, True):
        root.parent.rename(tmp_path / "away")
        if is_mount_point_left:
            root.mkdir(parents=True)
        other = f"other-{KEY.replace('/', '-')}"
        for call in (
            *(lambda: images.get(KEY), lambda: images.has(KEY), lambda: images.path_of(KEY)),
            *(lambda: images.put(other, b"y"), lambda: images.put_file(other, io.BytesIO(b"y"), media_type="")),
            *(lambda: images.delete([KEY]), lambda: images.keys_after(""), images.check),
            lambda: images.make(is_used=True),
        ):
            with pytest.raises(Unavailable, match="the image folder is not there"):
                call()
        assert list((tmp_path / "disk").rglob("*")) == [root] * is_mount_point_left
        if is_mount_point_left:
            root.rmdir()
            root.parent.rmdir()
        (tmp_path / "away").rename(tmp_path / "disk")
        assert (images.get(KEY), keys(images)) == (b"x", [KEY])


def test_the_folder_of_an_earlier_release_goes_on_after_a_start(tmp_path: Path):
    (tmp_path / "images" / "7").mkdir(parents=True)
    (tmp_path / "images" / KEY).write_bytes(b"x")
    images = FolderImages(tmp_path / "images")
    assert images.get(KEY) == b"x"
    for _ in range(2):
        images.make(is_used=True)
    images.put("7/new.png", b"y")
    assert keys(images) == [KEY, "7/new.png"]


def test_a_link_takes_an_upload_of_its_size_and_type_alone(images):
    link = images.upload_link("imports/1-a", size_bytes=5, media_type="application/octet-stream", expires_s=60)
    if link is None:
        return  # this store has no such thing: the API takes the bytes itself
    signed = parse_qs(urlsplit(link).query)
    assert {"content-length", "content-type"} <= set(signed["X-Amz-SignedHeaders"][0].split(";"))
    sent = requests.put(link, data=b"plots", headers={"Content-Type": "application/octet-stream"}, timeout=10)
    assert (sent.status_code, images.get("imports/1-a")) == (200, b"plots")


def test_a_file_is_kept_whole_and_once(images):
    large = bytes(range(256)) * 40_000
    images.put_file(ARCHIVE, io.BytesIO(large), media_type="application/zip")
    images.put_file(ARCHIVE, io.BytesIO(b"another"), media_type="application/zip")
    assert images.get(ARCHIVE) == large
    assert keys(images, prefix="exports/") == [ARCHIVE]
    with pytest.raises(Invalid, match="an image key must be made of"):
        images.put_file("../a.zip", io.BytesIO(b"x"), media_type="application/zip")


def test_a_file_is_kept_from_where_it_is_read_on(images):
    content = io.BytesIO(b"not this, but this")
    content.seek(len(b"not this, "))
    images.put_file(ARCHIVE, content, media_type="application/zip")
    assert images.get(ARCHIVE) == b"but this"


def test_a_store_that_is_away_keeps_no_file(unreachable):
    with pytest.raises(Unavailable):
        unreachable.put_file(ARCHIVE, io.BytesIO(b"x"), media_type="application/zip")


def test_a_link_saves_a_file_under_its_name(images):
    images.put_file(ARCHIVE, io.BytesIO(b"zipped"), media_type="application/zip")
    link = images.link(ARCHIVE, expires_s=60, media_type="application/zip", file_name="area-7.zip")
    if link is None:
        return  # this store has no such thing: the API sends the file itself
    loaded = requests.get(link, timeout=10)
    assert (loaded.content, loaded.headers["Content-Type"]) == (b"zipped", "application/zip")
    assert loaded.headers["Content-Disposition"] == 'attachment; filename="area-7.zip"'


def test_a_file_on_this_machine_is_where_it_is_said_to_be(images):
    images.put(KEY, b"x")
    path = images.path_of(KEY)
    assert path is None or path.read_bytes() == b"x"


def test_a_folder_says_where_nothing_outside_it_lies(tmp_path):
    (tmp_path / "secret").write_text("outside")
    images = made(tmp_path / "images")
    for key in ("../secret", "7/no.png", "7", ""):
        with pytest.raises(NotFound):
            images.path_of(key)


def test_a_file_that_breaks_off_leaves_nothing(tmp_path):
    class Breaking(io.BytesIO):
        """The first part, and then an end."""

        def read(self, size=-1):
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(min(size, 10))

    images = made(tmp_path)
    with pytest.raises(Unavailable):
        images.put_file(ARCHIVE, Breaking(b"x" * 100), media_type="application/zip")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / MARK]

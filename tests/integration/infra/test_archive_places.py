"""Where an archive lies, for writing: what is put there comes whole, its item last, and takes no other's name."""

import pytest
from botocore.exceptions import ClientError

from infra.archive import __main__ as command
from infra.archive import places
from infra.archive.bar import Bar
from infra.errors import OperatorError
from tests.support.standins.aws import aws


def test_a_name_that_is_taken_meanwhile_is_kept_and_what_was_put_is_taken_back(tmp_path, archive):
    files = [tmp_path / name for name in ("a.preview.png", "a.tif", "a.json")]
    for each in files:
        each.write_bytes(b"new")
    (archive / "a.json").write_bytes(b"old")
    with pytest.raises(OperatorError, match="is there already"):
        places.Folder(archive).put(files, Bar(""))
    assert [each.name for each in archive.iterdir()] == ["a.json"]
    assert (archive / "a.json").read_bytes() == b"old"


def test_into_a_bucket_the_item_comes_last_and_nothing_is_written_over(tmp_path, monkeypatch):
    client, bucket = aws().client("s3"), aws().make_bucket()
    place = places.place_at(f"s3://{bucket}/land/", lambda _: client)
    files = [tmp_path / name for name in ("a.preview.png", "a.tif", "a.json")]
    for each in files:
        each.write_bytes(b"x" * (5_000_000 if each.suffix == ".tif" else 10))
    there = place.put(files, Bar("a"))
    assert there == [f"s3://{bucket}/land/{each.name}" for each in files]
    with pytest.raises(OperatorError, match="is there already"):
        place.check_free("a.tif")
    place.check_free("a.ti")
    files[0].write_bytes(b"another")
    with pytest.raises(OperatorError, match="did not take it"):
        place.put(files, Bar("a"))
    assert client.get_object(Bucket=bucket, Key="land/a.preview.png")["Body"].read() == b"x" * 10
    assert len(client.list_objects_v2(Bucket=bucket)["Contents"]) == 3


class Forgetful:
    """A bucket that stores an item and loses its answer: the request that is sent again finds it there."""

    def __init__(self):
        self.objects = {}

    def put_object(self, *, Key, Body, **_):  # noqa: N803 (botocore's own words)
        self.objects[Key] = Body
        if Key.endswith(".json"):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")

    def delete_object(self, *, Key, **_):  # noqa: N803
        self.objects.pop(Key, None)


def test_an_item_whose_answer_is_lost_is_not_left_without_its_picture(tmp_path):
    files = [tmp_path / name for name in ("a.preview.png", "a.tif", "a.json")]
    for each in files:
        each.write_bytes(b"x")
    bucket = Forgetful()
    with pytest.raises(OperatorError, match="did not take it"):
        places.Bucket(bucket, bucket="pictures", prefix="").put(files, Bar("a"))
    assert bucket.objects == {}


@pytest.mark.parametrize(
    "place", ["gs://land/pictures", "https://land.example.org/pictures", "s3://", "s3:///pictures"]
)
@pytest.mark.parametrize("asked", [["add", "a.tif", "--date", "2024-03-01", "--to"], ["check"]], ids=["add", "check"])
def test_what_is_no_place_of_an_archive_is_told(tmp_path, monkeypatch, place, asked, capsys):
    monkeypatch.chdir(tmp_path)
    assert command.main([*asked, place]) in (1, 2)
    assert f"an archive is a folder, or s3://bucket/prefix, and not {place}" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())

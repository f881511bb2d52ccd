"""The index of an archive and the code that reads: what that cannot read, and what another release reads otherwise."""

import json
from pathlib import Path

import pytest

from tests.support.builders.archives import item, put
from tests.support.builders.scenes import search
from tests.support.fakes.archive_index import MemoryArchiveIndex
from tests.support.indexed_archive import AREA, NOW, IndexedArchive, ids


@pytest.fixture
def memory(tmp_path):
    return IndexedArchive(tmp_path, MemoryArchiveIndex())


def test_an_item_whose_text_no_database_takes_harms_no_other(memory):
    put(memory.folder, "good", AREA)
    stac = item(AREA, item_id="x", href="./good.png")
    text = json.dumps(stac).replace('"x"', '"half \\ud800 pair"')
    (memory.folder / "bad.json").write_text(text)
    archive = memory.process()
    assert ids(search(archive, AREA)) == ["good"]
    assert "1 that cannot be used" in archive.check().says


def test_a_defect_of_ours_in_one_file_is_told_and_harms_no_other(memory, monkeypatch):
    put(memory.folder, "good", AREA)
    put(memory.folder, "odd", AREA)

    def defective(content, *, name):
        if name == "odd.json":
            raise RuntimeError("a defect")
        return read_document(content, name=name)

    from chalicelib.adapters.imagery import catalogue

    read_document = catalogue.read_document
    monkeypatch.setattr(catalogue, "read_document", defective)
    archive = memory.process()
    assert ids(search(archive, AREA)) == ["good"]
    uses = {each.name: each.says for each in archive.inventory(now=NOW)}
    assert uses["odd.json"] == "it is not understood, which is a defect of this program (RuntimeError)"


def test_the_code_that_reads_is_known_by_all_its_files():
    """A module that the reading of a file imports is part of the reader's digest."""
    from chalicelib.adapters.imagery import written

    parts = set(written.parts())
    room = Path(written.__file__).parent
    asked = {room / "catalogue.py", room / "stac.py", room / "picture.py"}
    seen = set()
    while asked:
        file = asked.pop()
        seen.add(file)
        for line in file.read_text().splitlines():
            if line.startswith("from chalicelib.adapters.imagery."):
                name = line.split()[1].rpartition(".")[2]
                asked |= {room / f"{name}.py"} - seen
    assert seen <= parts, seen - parts

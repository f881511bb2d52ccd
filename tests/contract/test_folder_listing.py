"""The folder lists its files as a flat store would, whatever they are called."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.images.folder import FolderImages
from tests.support.fakes.images import MemoryImages

# A file may not be named as a folder is: a file system cannot have both, S3 can.
FILES = st.text("aA0-._", min_size=1, max_size=3).map(lambda name: f"x{name}.png")
FOLDERS = st.text("aA0-_", min_size=1, max_size=2)
KEYS = st.builds(lambda folders, file: "/".join([*folders, file]), st.lists(FOLDERS, max_size=3), FILES)


@settings(deadline=None)  # files take as long as the disk lets them
@given(keys=st.sets(KEYS, max_size=12), after=st.text("aAx0-._/", max_size=6), prefix=st.text("aAx0-._/", max_size=3))
def test_a_folder_lists_like_a_flat_store(keys, after, prefix):
    with TemporaryDirectory() as root:
        folder, memory = FolderImages(Path(root)), MemoryImages()
        folder.make(is_used=False)
        for key in keys:
            folder.put(key, b"x")
            memory.put(key, b"x")
        for beyond in [after, *keys]:
            listed = [item.key for item in folder.keys_after(beyond, prefix=prefix)]
            assert listed == [item.key for item in memory.keys_after(beyond, prefix=prefix)]

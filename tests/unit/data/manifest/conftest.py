import pytest

from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import DataError

HEADER = "bulb_id,view,path,label,group,split\n"
STACKED = "bulb_id,view,path,sha256,channel,page\n"


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "manifest.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def problems_of(path, **options):
    with pytest.raises(DataError) as caught:
        read_manifest(path, **options)
    return list(caught.value.problems)

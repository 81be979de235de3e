import pytest
from tests.run_folders import RunFolders


@pytest.fixture
def runs(tmp_path, tiny_bundle):
    """Write run folders below `tmp_path/runs`."""
    return RunFolders(tmp_path / "runs", tiny_bundle)

import numpy as np
import pytest
from tests.ordered_bundle import write_ordered
from tests.run_folders import RunFolders

from bulbinspect.bulb import GOOD, Bulb, View


@pytest.fixture
def runs(tmp_path, tiny_bundle):
    """Write run folders below `tmp_path/runs`."""
    return RunFolders(tmp_path / "runs", tiny_bundle)


@pytest.fixture
def by_hand(tmp_path, tiny_metadata, draw_bulb):
    """Write a run whose bundle is that of `ordered_bundle`, and bulbs of 20 random brightnesses."""
    generator = np.random.default_rng(13)  # no two bulbs alike, whichever views they keep
    columns = [generator.permutation(np.arange(2, 254))[:20] for _ in range(4)]
    levels = np.stack(columns, 1)  # no view has the same picture twice, as of a frozen camera
    (tmp_path / "run").mkdir()

    def make(**changes):
        write_ordered(tmp_path / "run" / "bundle.onnx", tiny_metadata(**changes))
        bulbs = []
        for number, row in enumerate(levels.tolist()):
            folder = tmp_path / f"b{number}"
            if not folder.exists():
                draw_bulb(folder, row)
            views = tuple(View(str(n), folder / f"{n}.png") for n in range(4))
            label = "defect" if number % 3 == 0 else GOOD
            bulbs.append(Bulb(f"b{number}", views, label, group=f"body{number // 2}"))
        return tmp_path / "run", bulbs, levels

    return make

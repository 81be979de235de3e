import pytest
from tests.overlapping import DEFECTIVE, GOOD


@pytest.fixture
def manifest(tmp_path, draw_bulb, tiny_bundle):
    """Write the tiny bundle and a manifest of bulbs whose classes overlap."""

    def write(good=GOOD, defective=DEFECTIVE, *, split="val", odd=None, groups=False):
        tiny_bundle()
        rows = ["bulb_id,view,path,label,split,group"]
        if odd:
            draw_bulb(tmp_path / "odd", [77] * 4)
            rows += [f"odd,{view},odd/{view}.png,{odd}," for view in range(4)]
        bulbs = [("good", level) for level in good] + [("defect", level) for level in defective]
        for number, (label, level) in enumerate(bulbs):
            name = f"{label}{number}"
            draw_bulb(tmp_path / name, [level] * 4)
            group = f"body{number // 2}" if groups else ""
            rows += [
                f"{name},{view},{name}/{view}.png,{label},{split},{group}" for view in range(4)
            ]
        path = tmp_path / "manifest.csv"
        path.write_text("\n".join(rows) + "\n")
        return path

    return write

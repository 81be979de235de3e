import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bulbinspect.errors import CheckpointError
from bulbinspect.training.checkpoint import WholeCheckpointIO, network_weights, read_checkpoint

GOOD = {"state_dict": {"network.weight": torch.ones(3), "other": torch.zeros(1)}, "epoch": 2}

FULL_DISK = """
import resource, sys, torch
from pathlib import Path
from bulbinspect.errors import CheckpointError
from bulbinspect.training.checkpoint import WholeCheckpointIO
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    WholeCheckpointIO().save_checkpoint({"state_dict": {"w": torch.ones(100_000)}}, sys.argv[1])
except CheckpointError as error:
    print(error)
"""


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    path = tmp_path / "folder" / "last.ckpt"
    WholeCheckpointIO().save_checkpoint(GOOD, path)
    read = WholeCheckpointIO().load_checkpoint(path)
    assert read["epoch"] == 2
    assert torch.equal(network_weights(read)["weight"], torch.ones(3))
    assert network_weights(read).keys() == {"weight"}
    WholeCheckpointIO().remove_checkpoint(path)
    assert not path.exists()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_no_checkpoint_holds_a_number_that_is_not_finite(tmp_path, bad):
    path = tmp_path / "last.ckpt"
    WholeCheckpointIO().save_checkpoint(GOOD, path)
    with pytest.raises(CheckpointError, match=r"network\.weight holds NaN or infinity"):
        WholeCheckpointIO().save_checkpoint(
            {"state_dict": {"network.weight": torch.tensor([1.0, bad])}}, path
        )
    assert read_checkpoint(path)["epoch"] == 2


def test_a_full_disk_leaves_the_old_checkpoint_whole(tmp_path):
    path = tmp_path / "last.ckpt"
    WholeCheckpointIO().save_checkpoint(GOOD, path)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True
    )
    assert str(path) in done.stdout
    assert "the old one is whole" in done.stdout
    assert read_checkpoint(path)["epoch"] == 2
    assert list(tmp_path.iterdir()) == [path]


class MakesAMarker:
    """What a hostile pickle would hold: a call that runs when it is read."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def test_a_checkpoint_that_carries_code_is_refused_and_the_code_does_not_run(tmp_path):
    marker = tmp_path / "ran"
    torch.save({"state_dict": {}, "extra": MakesAMarker(marker)}, tmp_path / "evil.ckpt")
    with pytest.raises(CheckpointError, match="not a checkpoint that can be read"):
        read_checkpoint(tmp_path / "evil.ckpt")
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut"])
def test_other_files_are_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.ckpt is not a checkpoint"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_a_missing_file_and_somebody_elses_checkpoint_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.ckpt is not a checkpoint"):
        read_checkpoint(tmp_path / "none.ckpt")
    torch.save({"weights": torch.ones(1)}, tmp_path / "other.ckpt")
    with pytest.raises(CheckpointError, match="not a checkpoint of a bulbinspect run"):
        read_checkpoint(tmp_path / "other.ckpt")

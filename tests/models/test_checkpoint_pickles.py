"""Files with settings beside their tensors get a command that works, those with code are refused."""

import argparse
import datetime
import pathlib
import shlex
import subprocess
import sys

import numpy as np
import pytest
import torch

from sambench.errors import ModelError
from sambench.models.checkpoint_files import read_tensors
from sambench.models.checkpoint_pickles import mend_for, unsafe_names

TENSORS = {"mask_decoder.iou_token.weight": torch.ones(1, 2)}


class Trainer:
    """Code of a training program."""


@pytest.mark.parametrize(
    "beside",
    [
        {"args": argparse.Namespace(lr=0.1, out=pathlib.PosixPath("/x"))},
        {"best": np.float64(0.5), "curve": np.arange(3.0), "when": datetime.datetime(2026, 1, 1)},
    ],
)
def test_the_command_saves_the_tensors_alone(beside, tmp_path):
    file = tmp_path / "it's best.pth"
    torch.save({"model_state_dict": TENSORS, "epoch": 3, **beside}, file)
    with pytest.raises(ModelError, match="objects other than tensors") as caught:
        read_tensors(file)
    command = caught.value.mend.partition("these: ")[2]
    words = shlex.split(command)
    assert words[:2] == ["python", "-c"]
    subprocess.run([sys.executable, *words[1:]], check=True, timeout=120)
    (found,) = read_tensors(tmp_path / "it's best.tensors.pth").values()
    assert torch.equal(found, TENSORS["mask_decoder.iou_token.weight"])


def test_code_gets_no_command(tmp_path):
    torch.save({"model": TENSORS, "trainer": Trainer(), "args": argparse.Namespace()}, tmp_path / "a.pth")
    names = unsafe_names(tmp_path / "a.pth")
    assert len(names) == 2
    mend = mend_for(tmp_path / "a.pth", names)
    assert "python -c" not in mend
    assert "Trainer is code" in mend


def test_a_file_that_is_none_names_nothing(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"<html>")
    assert unsafe_names(tmp_path / "a.pth") == []

"""TorchScript and torch.export archives answer as the model does, and are loaded by the user's own word alone."""

import numpy as np
import pytest
import torch

pytest.importorskip("onnx")

from tiny_sams import tiny_model

from sambench.errors import ModelError, UsageError
from sambench.models.onnx.archives import load
from sambench.models.onnx.exporting.archive_writing import ENDINGS, export_archive
from sambench.models.sam.loading import load as load_native
from sambench.types import Prompts

SIZE = (37, 61)
CASES = [
    ("sam", "torchscript"),
    *(pytest.param(*case, marks=pytest.mark.slow) for case in (("sam_hq", "torchscript"), ("sam2", "torch_export"))),
]


@pytest.mark.parametrize(("family", "form"), CASES)
def test_archives_answer_as_the_original_does(tmp_path, family, form):
    tiny_model(family).save_pretrained(tmp_path)
    native = load_native(str(tmp_path), device="cpu")
    paths = [str(export_archive(native, half, tmp_path, form)) for half in ("encoder", "decoder")]
    assert all(path.endswith(ENDINGS[form]) for path in paths)
    with pytest.raises(UsageError, match="runs code of its own when it is loaded") as error:
        load(*paths)
    assert "model.trusted=true" in error.value.mend
    model = load(*paths, trusted=True)
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    embedding, original = model.encode([image])[0], native.encode([image])[0]
    generator = torch.Generator().manual_seed(0)
    for number, points in ((5, 2), (3, 4)):
        xy = torch.rand(number, points, 2, generator=generator) * 36
        prompts = Prompts(xy, torch.randint(0, 2, (number, points), generator=generator))
        for multimask in (True, False):
            ours, theirs = (
                one.decode(there, prompts, multimask) for one, there in ((model, embedding), (native, original))
            )
            assert ours.frame == theirs.frame
            torch.testing.assert_close(ours.logits, theirs.logits, rtol=0, atol=1e-4)
    assert model.provenance["encoder"]["sha256"] != model.provenance["decoder"]["sha256"]


def test_files_that_are_no_archives_or_do_not_name_their_inputs_are_told(tmp_path):
    (tmp_path / "page.pt").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ModelError, match="cannot load the archive"):
        load(str(tmp_path / "page.pt"), str(tmp_path / "page.pt"), trusted=True)
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), str(tmp_path / "relu.pt"))
    with pytest.raises(ModelError, match="does not say what its inputs and outputs are"):
        load(str(tmp_path / "relu.pt"), str(tmp_path / "relu.pt"), trusted=True)
    with pytest.raises(ModelError, match="no such file"):
        load(str(tmp_path / "absent.pt"), str(tmp_path / "relu.pt"), trusted=True)
    with pytest.raises(UsageError, match="no decoder is given"):
        load(str(tmp_path / "relu.pt"), trusted=True)

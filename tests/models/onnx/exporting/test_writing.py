"""A native model's exported halves answer as the model does, each alone or both, and smaller forms nearly so."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("onnxruntime")

from exported_sams import converted, exported

import sambench
from sambench.cli import main
from sambench.errors import UsageError
from sambench.masks.resize import logits_at_original
from sambench.models.onnx.model import load
from sambench.models.sam.loading import load as load_native
from sambench.types import Prompts

SIZE = (37, 61)
FAMILIES = ["sam", *(pytest.param(family, marks=pytest.mark.slow) for family in ("sam_hq", "sam2", "sam3_tracker"))]


def image():
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def all_prompts(side):
    generator = torch.Generator().manual_seed(1)
    scale = torch.tensor([SIZE[1], SIZE[0]], dtype=torch.float32)
    points, labels = torch.rand(5, 3, 2, generator=generator) * scale, torch.randint(0, 2, (5, 3), generator=generator)
    corners = torch.rand(5, 2, 2, generator=generator) * scale
    boxes = torch.cat([corners.amin(1), corners.amax(1)], 1)
    masks = torch.randn(5, side, side, generator=generator) * 9
    ragged = labels.clone()
    ragged[[1, 3], 2] = -1
    return {
        "points": Prompts(points, labels),
        "ragged": Prompts(points, ragged),
        "box": Prompts(boxes_xyxy=boxes),
        "points and box": Prompts(points, labels, boxes),
        "box and mask": Prompts(boxes_xyxy=boxes, mask_logits=masks),
        "points and mask": Prompts(points, labels, mask_logits=masks),
    }


def halves(folder):
    return {name: str(folder / f"{name}.onnx") for name in ("encoder", "decoder")}


@pytest.mark.parametrize("family", FAMILIES)
def test_float32_answers_as_the_original_does_in_every_mixture(family):
    folder = exported(family)
    native, files = load_native(str(folder), device="cpu"), halves(folder)
    original = native.encode([image()])[0]
    mixtures = {
        "both": files,
        "encoder": {**files, "decoder": str(folder)},
        "decoder": {**files, "encoder": str(folder)},
    }
    asked = all_prompts(4 * native.decoder.grid[0])
    for mixture, words in mixtures.items():
        model = load(**words)
        embedding = model.encode([image()])[0]
        assert model.provenance["contract"] == {"sam": "meta", "sam_hq": "hq"}.get(family, "sam2")
        for kind in asked if mixture == "both" else ["points and mask"]:
            for multimask in (True, False):
                ours = model.decode(embedding, asked[kind], multimask)
                theirs = native.decode(original, asked[kind], multimask)
                assert ours.frame == theirs.frame
                assert ours.logits.shape == theirs.logits.shape, (mixture, kind, multimask)
                assert (ours.logits - theirs.logits).abs().max() < 1e-4, (mixture, kind, multimask)
                assert (ours.predicted_iou - theirs.predicted_iou).abs().max() < 1e-4
                large, expected = (logits_at_original(one.logits, one.frame) for one in (ours, theirs))
                assert not ((large > 0) != (expected > 0))[expected.abs() > 1e-3].any()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("precision", "error"), [("fp16", 0.02), ("int8", 0.3)])
def test_smaller_forms_come_near(family, precision, error):
    folder = exported(family)
    native, model = load_native(str(folder), device="cpu"), load(*converted(family, precision))
    told = model.provenance["decoder"]
    assert (told["half_precision"] > 0.9) == (precision == "fp16")
    assert ("MatMulInteger" in told["quantised"]) == (precision == "int8")
    assert model.fingerprint != load(**halves(folder)).fingerprint
    prompts = all_prompts(4 * native.decoder.grid[0])["points"]
    ours = model.decode(model.encode([image()])[0], prompts, True).logits
    theirs = native.decode(native.encode([image()])[0], prompts, True).logits
    off = float((ours - theirs).norm() / theirs.norm())
    assert 1e-5 < off < error


def test_a_graph_tells_what_it_was_made_of():
    folder = exported("sam")
    told = load(**halves(folder)).provenance["encoder"]
    note = json.loads(told["notes"]["sambench"])
    assert note["original"] == load_native(str(folder), device="cpu").provenance["sha256"]
    assert told["preprocessing"] == note["preprocessing"]
    assert told["opset"]["ai.onnx"] == 18


def test_a_provider_that_no_one_has_is_refused_with_the_names():
    with pytest.raises(UsageError, match="takes one of cpu, cuda") as error:
        sambench.run("points", "onnx", overrides=["model.encoder=encoder.onnx", "model.provider=abacus"])
    assert "model.provider" in str(error.value)


def test_runs_are_told_apart_by_both_halves_and_gated_against_the_original(tmp_path):
    folder = exported("sam")

    def run(model, name, *words):
        quiet = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0, "limit": 2}
        cache = {"dir": str(tmp_path / "cache")}
        overrides = ["task.clicks=[1,2]", *words]
        return sambench.run(
            "points", model, overrides=overrides, run={"dir": str(tmp_path / name)}, cache=cache, **quiet
        )

    files = [f"model.{half}={path}" for half, path in halves(folder).items()]
    original = run("sam", "original", f"model.checkpoint={folder}")
    exact = run("onnx", "exact", *files)
    assert exact.record["cache"]["misses"] == 2
    small = run("onnx", "small", files[0], f"model.decoder={converted('sam', 'int8')[1]}")
    assert small.record["cache"]["hits"] == 2  # of one encoder, whatever the decoder
    identities = [one.record["identity"]["model"] for one in (exact, small)]
    assert identities[0]["fingerprint"] == identities[1]["fingerprint"]
    assert identities[0]["decoder_fingerprint"] != identities[1]["decoder_fingerprint"]
    verdict = sambench.gate(original, exact, replicates=100)
    assert not verdict.forbidding
    assert verdict.frame()["difference"].abs().max() < 1e-6
    assert [row["iou"] for row in exact.rows()] == pytest.approx([row["iou"] for row in original.rows()], abs=1e-3)


def command(*words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code


@pytest.mark.slow
def test_the_command_exports_checks_and_a_table_tells_what_eight_bits_cost(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = exported("sam")
    words = ["export", "model=sam", f"model.checkpoint={folder}", "to=onnx", "out=made", "precisions=[int8]", "limit=1"]
    assert command(*words, "prompts=2") == 0
    told = capsys.readouterr().out
    assert "fp32, " in told
    assert "int8, " in told
    assert "beyond" not in told
    ablate = ["ablate", "exports", "model.folder=made", f"model.original={folder}", "limit=12", "cache.dir=cache"]
    assert command(*ablate, "progress=off", "workers=0", "device=cpu", "illustrate=0") == 0
    capsys.readouterr()
    assert command("table", "exports") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    named = [line.split("|")[1].strip() for line in lines]
    differences = ["ONNX fp32", "int8 encoder", "int8 decoder", "int8"]
    assert named[1:] == ["original", *(part for name in differences for part in (name, "difference"))]
    assert "+.000" in lines[named.index("ONNX fp32") + 1]
    assert "[" in lines[named.index("int8") + 1]  # with its interval


def test_what_is_no_native_model_is_not_exported(capsys):
    assert command("export", "model=hierarchy", "to=onnx") == 2
    assert "cannot be exported" in capsys.readouterr().err
    assert command("export", "model=hierarchy", "to=coreml") == 2
    assert "to is 'coreml', but takes one of onnx, torchscript, torch_export" in capsys.readouterr().err

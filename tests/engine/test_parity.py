"""Two models side by side: equal ones within every limit, unequal ones told where, and the command's exit codes."""

import numpy as np
import pytest
import torch
import toys
from choosy import Choosy

from sambench.cli import main
from sambench.engine.parity import ParitySettings, measure_parity
from sambench.errors import UsageError
from sambench.tables.parity import FREE, Limits, error_rows, parity_table


def images(number=2):
    generator = np.random.default_rng(0)
    return [(f"image {k}", generator.integers(0, 256, (40, 60, 3), dtype=np.uint8)) for k in range(number)]


def measured(one, two, **settings):
    return measure_parity(one, two, images(), ParitySettings(**settings))


class Silent(toys.ToyModel):
    """Answers nothing."""

    def refuses(self, question):
        return "it is silent"


def test_a_model_equals_itself_in_everything():
    errors = measured(toys.ToyModel(), toys.ToyModel(), points_per_side=3)
    table, notes, within = parity_table(errors, Limits(mask_iou=1.0, same_set=1.0))
    assert within
    assert not notes
    assert set(table["verdict"]) == {"within", ""}
    assert "grey: largest difference, relative" in set(table["measured"])
    assert len(errors.features["grey"]) == 2
    assert errors.sets[0].same == errors.sets[0].reference > 0


def test_larger_discs_are_beyond_every_limit_of_masks_and_the_worst_comes_first():
    errors = measured(toys.ToyModel(), toys.ToyModel(scale=1.2), prompts=3, worst=4)
    rows = {row.measured: row for row in error_rows(errors, Limits(mask_iou=0.9))}
    assert not rows["grey: largest difference, relative"].beyond
    assert rows["point: logits, relative"].beyond
    assert rows["point: predicted IoU"].beyond
    assert rows["point: the same, logits within 1e-3 of 0 left out"].beyond
    assert rows["point: IoU of the two masks"].beyond
    assert 0.5 < rows["point: IoU of the two masks"].mean < 0.8  # 1 / 1.44, some cut by the border
    assert rows["point: the same mask is the most confident"].mean == 1
    assert len(errors.worst) == 4
    assert [case.iou for case in errors.worst] == sorted(case.iou for case in errors.worst)
    assert parity_table(errors, FREE)[2]


def test_what_one_of_the_two_does_not_answer_is_left_out_and_told():
    errors = measured(toys.ToyModel(), Choosy())
    assert set(errors.kinds) == {"point"}
    assert errors.left_out["box, single"] == "choosy: it has no single mask"
    assert "not compared, as choosy: it takes no mask prompts" in " ".join(parity_table(errors, FREE)[1])
    with pytest.raises(UsageError, match="no kind of prompt is answered by both"):
        measured(toys.ToyModel(), Silent())


def test_a_value_that_is_no_number_is_beyond_its_limit():
    class Broken(toys.ToyModel):
        def encode(self, images):
            made = super().encode(images)
            for one in made:
                one.tensors["grey"] = one.tensors["grey"] * float("nan")
            return made

        def decode(self, embedding, prompts, multimask):
            clean = {"grey": torch.nan_to_num(embedding.tensors["grey"])}
            return super().decode(type(embedding)(clean, embedding.original_size), prompts, multimask)

    rows = {row.measured: row for row in error_rows(measured(toys.ToyModel(), Broken()), Limits())}
    assert rows["grey: largest difference, relative"].beyond


def command(tmp_path, *words):
    models = ["model_a=hierarchy", "model_a.name=toys:ToyModel", "model_b=hierarchy", "model_b.name=toys:ToyModel"]
    with pytest.raises(SystemExit) as ended:
        main(["parity", *models, "limit=2", "prompts=2", f"out={tmp_path}", "device=cpu", *words])
    return ended.value.code


def test_the_command_prints_draws_and_ends_by_the_verdict(tmp_path, capsys):
    assert command(tmp_path) == 0
    told = capsys.readouterr()
    assert "toy against toy" in told.out
    assert "within the limits" in told.err
    assert (tmp_path / "parity.csv").read_text().startswith("measured,of,mean,worst,limit,verdict")
    assert command(tmp_path, "+model_b.scale=1.5") == 1
    told = capsys.readouterr()
    assert "beyond" in told.out
    assert (tmp_path / "worst_01.png").stat().st_size > 500
    assert command(tmp_path, "+model_b.scale=1.5", *(f"{key}=null" for key in ("logits", "scores", "flipped"))) == 0


def test_the_command_refuses_half_a_comparison(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["parity", "model_a=hierarchy"])
    assert ended.value.code == 2
    assert "no model_b was given" in capsys.readouterr().err


@pytest.mark.slow
def test_the_tasks_metrics_are_gated_too(tmp_path, capsys):
    code = command(tmp_path, "metrics=true", "task=points", "task.clicks=[1]", "task.mask_feedback=false", "workers=0")
    assert code in (0, 3)  # two images are too few to tell
    assert "mIoU@1" in capsys.readouterr().out

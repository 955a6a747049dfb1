"""Tasks say what they will ask, and a model that cannot answer is refused before any image."""

import pytest
from choosy import Choosy

import sambench
from sambench.config.resolve import build
from sambench.errors import UsageError
from sambench.models.base import Question, check_questions


def asked(task, **switches):
    return build("tasks", "task", {"name": task, **switches}).questions()


def test_every_task_says_what_it_asks():
    assert [str(one) for one in asked("edges")] == ["a point, for several masks"]
    assert [one.multimask for one in asked("proposals", multimask=False)] == [False]
    one, two, nine = asked("points")
    assert (one.points, two.points, nine.points) == (1, 2, 9)
    assert one.multimask
    assert (nine.background, nine.mask, nine.multimask) == (True, True, False)
    assert len(asked("points", clicks=[1])) == 1
    assert not any(one.mask for one in asked("points", mask_feedback=False))
    assert [(one.box, one.mask) for one in asked("instances")] == [(True, False), (True, True)]
    assert len(asked("instances", passes=1)) == 1


def test_a_model_without_an_answer_is_refused_with_the_change_that_mends_it():
    model = Choosy()
    check_questions(model, asked("edges"))
    with pytest.raises(UsageError, match=r"a point and its earlier mask|2 points and its earlier mask") as error:
        check_questions(model, asked("points"))
    assert "task.mask_feedback=false" in error.value.mend
    with pytest.raises(UsageError, match="it has no single mask"):
        check_questions(model, [Question(box=True, multimask=False)])


def test_nothing_is_encoded_before_the_refusal(tmp_path):
    quiet = {"workers": 0, "progress": "off", "device": "cpu", "limit": 1}
    words = ["model.name=choosy:Choosy", "cache.enabled=false", f"+model.log={tmp_path / 'log'}"]
    with pytest.raises(UsageError, match="cannot answer what the task asks"):
        sambench.run("points", overrides=words, run={"dir": str(tmp_path / "run")}, **quiet)
    assert not (tmp_path / "log").exists()
    assert not (tmp_path / "run").exists()
    sambench.run("points", overrides=[*words, "task.clicks=[1]"], run={"dir": str(tmp_path / "run")}, **quiet)
    assert (tmp_path / "log").exists()


def test_a_model_without_text_refuses_phrases():
    with pytest.raises(UsageError, match=r"choosy cannot answer .*: it takes no text") as refused:
        check_questions(Choosy(), asked("concepts"))
    assert refused.value.mend.startswith("model=colour_words")

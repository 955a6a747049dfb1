"""Legends of many lines, names of ticks that have room, and colours that a report shares."""

import re
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from sambench.drawing.figures.parts import NAMED, RUN_COLOURS, add_legend, drawing, name_ticks, plain_ticks


def names(lines):
    axes = Figure().add_subplot()
    for place in range(lines):
        axes.plot([0, 1], label=f"run {place}")
    add_legend(axes)
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_legend_names_a_dozen_and_says_how_many_more():
    assert names(2) == ["run 0", "run 1"]
    assert len(names(NAMED)) == NAMED
    assert names(150)[-2:] == [f"run {NAMED - 1}", f"and {150 - NAMED} more"]


def test_logarithmic_ticks_are_numbers():
    axes = Figure().add_subplot(xscale="log", xlim=(1, 1000))
    plain_ticks(axes.xaxis)
    axes.figure.draw_without_rendering()
    assert {"1", "10", "100", "1000"} <= {text.get_text() for text in axes.get_xticklabels()}


@pytest.mark.parametrize(
    ("names", "slanted"), [(["a", "b", "c"], False), ([f"a rather long name {n}" for n in range(9)], True)]
)
def test_names_of_ticks_never_run_into_each_other(names, slanted):
    axes = Figure(figsize=(6, 4), layout="constrained").add_subplot()
    name_ticks(axes, range(len(names)), names)
    axes.figure.draw_without_rendering()
    labels = axes.get_xticklabels()
    assert [one.get_text() for one in labels] == names
    angle = np.radians(labels[0].get_rotation())
    assert (angle > 0) == slanted
    places = axes.transData.transform([(place, 0) for place in range(len(names))])[:, 0]
    if not slanted:
        boxes = [one.get_window_extent() for one in labels]
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    else:  # lines of text beside each other, as far apart as their ticks across the slant
        for one in labels:
            one.set_rotation(0)
        height = max(one.get_window_extent().height for one in labels)
        assert np.diff(places).min() * np.sin(angle) > height


def test_runs_have_the_colours_of_a_report():
    css = (files("sambench.pages.report") / "templates" / "report.css").read_text(encoding="utf-8")
    light = css.partition("@media")[0]
    assert tuple(re.search(rf"--c{place}: (#\w+);", light)[1] for place in range(len(RUN_COLOURS))) == RUN_COLOURS
    with drawing():
        axes = Figure().add_subplot()
        assert [axes.plot([0, 1])[0].get_color() for _ in RUN_COLOURS] == list(RUN_COLOURS)

"""Legends of many lines."""

from matplotlib.figure import Figure

from sambench.figures.parts import NAMED, add_legend


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

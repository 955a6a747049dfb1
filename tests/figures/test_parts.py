"""Legends of many lines."""

from matplotlib.figure import Figure

from sambench.figures.parts import NAMED, add_legend, plain_ticks


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

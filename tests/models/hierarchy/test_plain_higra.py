"""higra works without matplotlib until a plot is asked for, and its users find all of it."""

import subprocess
import sys

import pytest

LATE = """
import sys
from sambench.models.hierarchy.tree import build_tree
import higra
assert "matplotlib" not in sys.modules and "higra.plot" not in sys.modules
assert not hasattr(higra, "no_such_name") and not hasattr(higra, "__wrapped__")
assert callable(higra.plot_graph) and "matplotlib" in sys.modules
import higra.plot
assert higra.plot.plot_graph is higra.plot_graph
from higra import plot_partition_tree
"""

BEFORE = """
import higra
plot = higra.plot_graph
from sambench.models.hierarchy import plain_higra
assert plain_higra.higra is higra and higra.plot_graph is plot and not hasattr(higra, "__getattr__")
"""


@pytest.mark.parametrize("code", [LATE, BEFORE])
def test_plots_come_when_they_are_asked_for(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

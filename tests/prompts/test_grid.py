import numpy as np
import pytest

from sambench.errors import UsageError
from sambench.prompts.grid import grid_points_xy, layer_points_per_side, unit_grid


def test_two_by_two_row_by_row():
    np.testing.assert_array_equal(unit_grid(2), [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])


def test_points_are_xy_pixels_of_the_size():
    np.testing.assert_array_equal(grid_points_xy(2, (40, 100)), [[25, 10], [75, 10], [25, 30], [75, 30]])


@pytest.mark.parametrize("n", [1, 3, 16, 32, 64, 128])
def test_point_i_sits_at_i_plus_half_over_n(n):
    axis = (np.arange(n) + 0.5) / n
    np.testing.assert_allclose(unit_grid(n)[:n, 0], axis, rtol=0, atol=2e-16 * n)
    np.testing.assert_allclose(unit_grid(n)[::n, 1], axis, rtol=0, atol=2e-16 * n)


def test_layers_of_the_papers_production_setting():
    assert layer_points_per_side(32, 2, 2) == [32, 16, 8]
    assert layer_points_per_side(32, 1, 3) == [32, 10]


def test_a_grid_without_points_is_refused():
    with pytest.raises(UsageError, match="at least one point"):
        unit_grid(0)
    with pytest.raises(UsageError, match="at least one point"):
        layer_points_per_side(3, 2, 2)

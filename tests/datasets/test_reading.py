import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.edges.bsds500 import CARD
from sambench.datasets.images.files import read_image
from sambench.datasets.reading import list_files, select
from sambench.errors import DatasetError, UsageError


def read(path):
    return read_image(Picture(path, lambda: (3, 4)), CARD, ImageRules())


def test_grey_image_becomes_rgb(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    assert np.array_equal(read(tmp_path / "grey.png"), np.repeat(pixels[..., None], 3, axis=2))


def test_an_image_of_floats_is_refused_rather_than_clipped(tmp_path):
    Image.fromarray(np.full((3, 4), 0.5, np.float32)).save(tmp_path / "deep.tif")
    with pytest.raises(DatasetError, match="mode F; whole numbers of 8 or 16 bits"):
        read(tmp_path / "deep.tif")


def test_files_are_listed_by_name_without_hidden_ones(tmp_path):
    for name in ("b.JPG", "a.jpg", "._a.jpg", "c.txt", ".d.jpg"):
        (tmp_path / name).touch()
    assert list(list_files(tmp_path, (".jpg",))) == ["a", "b"]


KEYS = ["a/1", "a/2", "b/2", "b/3"]


@given(st.lists(st.sampled_from(KEYS), min_size=1), st.integers(1, 6))
def test_choice_keeps_the_datasets_order_and_counts_nothing_twice(ids, limit):
    assert select(KEYS, ids=ids, limit=limit) == [key for key in KEYS if key in ids][:limit]


def test_last_part_or_alias_names_a_sample():
    assert select(KEYS, ids=["3", "1"]) == ["a/1", "b/3"]
    assert select(KEYS, ids=[77], aliases={"77": "a/2"}) == ["a/2"]
    assert select(KEYS, ids="3") == ["b/3"]
    assert select(KEYS) == KEYS


def test_full_id_wins_over_the_last_part_of_another():
    assert select(["x", "y/x"], ids=["x"]) == ["x"]


def test_ambiguous_name_is_told_with_what_it_fits():
    with pytest.raises(DatasetError, match=r"2 \(a/2, b/2\)"):
        select(KEYS, ids=["2"])


def test_alias_that_is_another_samples_name_is_ambiguous():
    with pytest.raises(DatasetError, match=r"3 \(b/3, a/1\)"):
        select(KEYS, ids=["3"], aliases={"3": "a/1"})


@pytest.mark.parametrize("limit", [0, -3])
def test_limit_below_one_is_refused(limit):
    with pytest.raises(UsageError, match=f"limit is {limit}"):
        select(KEYS, limit=limit)


def test_empty_ids_are_refused():
    with pytest.raises(UsageError, match="empty list"):
        select(KEYS, ids=[])


def test_many_unknown_ids_are_counted_and_the_first_ten_shown():
    with pytest.raises(DatasetError, match=r"25 of the ids .*q9 and 15 more") as error:
        select(KEYS, ids=[f"q{number}" for number in range(25)], where="here")
    assert "q10" not in str(error.value)
    assert "where: here" in str(error.value)

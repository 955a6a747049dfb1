import json
from typing import get_args

import pytest

from sambench.errors import DatasetError, UsageError
from sambench.prompts.category_names import Names, phrases_of

LVIS = [
    {"id": 139, "name": "bow_(weapon)", "synonyms": ["bow_(weapon)", "longbow"]},
    {"id": 2, "name": "air_conditioner", "synonyms": ["air_conditioner"]},
]


@pytest.mark.parametrize(
    ("names", "phrases"),
    [
        ("name", ["air_conditioner", "bow_(weapon)"]),
        ("underscore_to_space", ["air conditioner", "bow (weapon)"]),
        ("first_synonym", ["air conditioner", "bow (weapon)"]),
    ],
)
def test_categories_become_phrases_by_number(names, phrases):
    assert list(phrases_of(LVIS, names, "lvis", "task.names").items()) == list(zip([2, 139], phrases, strict=True))


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(UsageError, match=r"(?s)1 of 3 categories have no list of synonyms.*choose task.names=under"):
        phrases_of([*LVIS, {"id": 7, "name": "cat"}], "first_synonym", "own", "task.names")
    nameless = [{"id": 1, "name": ""}, {"id": 2, "name": "a"}, {"id": 3}]
    with pytest.raises(DatasetError, match="2 categories have no name, which is what is asked: 1, 3"):
        phrases_of(nameless, "underscore_to_space", "own", "task.names")


def test_the_first_synonym_of_lvis_is_its_name(real_data):

    categories = json.loads((real_data / "lvis_val_100.json").read_text())["categories"]
    assert len(categories) == 1230
    told = {names: phrases_of(categories, names, "lvis", "task.names") for names in get_args(Names)}
    assert told["first_synonym"] == told["underscore_to_space"]
    assert sum("_" in phrase for phrase in told["name"].values()) == 444

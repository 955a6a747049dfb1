from sambench.metrics.concepts.references import GOLD, SILVER, published_columns
from sambench.metrics.published import published


def test_one_subset_stands_in_its_own_columns():
    assert published_columns(["sa1b"], "segm") == {
        "cgF1": "concepts/sa1b cgF1",
        "IL_MCC": "concepts/sa1b IL_MCC",
        "pmF1": "concepts/sa1b pmF1",
    }
    assert published_columns(["sa1b"], "bbox")["cgF1"] == "concepts/sa1b box cgF1"


def test_means_stand_beside_means_of_the_whole_set_alone():
    part = published_columns(GOLD[:2], "segm")
    assert len(part) == 6
    assert part["metaclip pmF1"] == "concepts/metaclip pmF1"
    assert published_columns(GOLD, "segm")["cgF1"] == "concepts/Gold cgF1"
    assert published_columns(reversed(SILVER), "segm")["IL_MCC"] == "concepts/Silver IL_MCC"
    assert published_columns(GOLD, "bbox")["cgF1"] == "concepts/Gold box cgF1"
    assert "cgF1" not in published_columns([*GOLD, *SILVER], "segm")


def test_other_data_has_no_columns():
    assert published_columns(["mini"], "segm") == {}
    assert published_columns(["mini", "lvis"], "segm") == {}


def test_every_column_of_masks_was_published():
    columns = set(published("concepts").columns)
    for names in (GOLD, SILVER, ["metaclip"]):
        assert {column.removeprefix("concepts/") for column in published_columns(names, "segm").values()} <= columns

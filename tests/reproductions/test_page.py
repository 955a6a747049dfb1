"""What is printed and written of made-up outcomes."""

from sambench.reproductions.catalogue import Input, Reproduction
from sambench.reproductions.page import badge, page, told
from sambench.reproductions.running import Figure, Outcome

MAPS = Input("maps", "edge maps", "https://example.org/maps", place="published/maps", size="12 MB")
CODE = Input("code", "the authors' package", "https://example.org/code", package="theirs")


def entry(name, **changes):
    fields = {
        "title": "a detector, 3 images",
        "command": "score task=edges data=bsds500 data.root=DATA predictions=DATA/published/maps",
        "published": {"ods": "0.806598"},
        "tolerance": 0.0005,
        "reason": "rounding",
        "source": "its README",
        "inputs": (MAPS, CODE),
    }
    return Reproduction(name=name, **{**fields, **changes})


WITHIN = Outcome(entry("pidinet/full"), {}, [Figure("ods", "0.806598", 0.80675, (0.79, 0.82), "within")], 3)
OUTSIDE = Outcome(entry("pidinet/l", tolerance=5e-6), {}, [Figure("voi_ods", "1.36877", 1.3675, None, "outside")], 3)
BESIDE = Outcome(entry("pidinet/tiny", verdict=False), {}, [Figure("ods", "0.539", 0.55, (0.5, 0.6), "beside")], 3)
ABSENT = Outcome(entry("pidinet/small"), {"maps": "published/maps is not there"})
FAILED = Outcome(entry("pidinet/nyud"), error="no such folder")


def test_each_figure_stands_beside_the_published_one_with_its_digits():
    text = told([WITHIN, OUTSIDE, BESIDE])
    assert "| `pidinet/full` | ods | .806598 | .806750 | [.7900, .8200] | +.000152 | .0005 | within |" in text
    assert "| `pidinet/l` | voi_ods | 1.36877 | 1.36750 |  | -.00127 | .000005 | **outside** |" in text
    assert "| `pidinet/tiny` | ods | .539 | .5500 | [.5000, .6000] | +.0110 |  | no recipe published |" in text


def test_what_is_missing_is_told_once_with_where_it_comes_from_and_goes():
    text = told([ABSENT, Outcome(entry("pidinet/tiny_l"), ABSENT.missing), FAILED])
    assert "  pidinet/small: published/maps is not there\n" in text
    assert text.count("  published/maps: edge maps (https://example.org/maps, 12 MB)") == 1
    assert "theirs" not in text
    assert "failed: pidinet/nyud: no such folder" in text


def test_the_line_counts_judged_figures_alone():
    assert badge([WITHIN, OUTSIDE, BESIDE, ABSENT]) == (
        "**1 of 2 published figures reproduced within their tolerances** by 3 commands; 1 more need inputs that are"
        " not here."
    )
    assert badge([WITHIN]).endswith("by 1 command.")


def test_the_page_holds_all_of_it():
    text = page([WITHIN, OUTSIDE, BESIDE, ABSENT])
    assert "| `pidinet/small` | ods .806598 | edge maps |" in text
    assert "| `published/maps` | edge maps | <https://example.org/maps> | 12 MB |" in text
    assert "| package `theirs` | the authors' package | <https://example.org/code> |  |" in text
    assert "Source: its README. Tolerance .0005: rounding." in text
    assert "`sambench score task=edges data=bsds500 data.root=DATA predictions=DATA/published/maps`" in text
    assert page([WITHIN, OUTSIDE, BESIDE, ABSENT]) == text

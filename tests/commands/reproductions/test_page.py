"""What is printed and written of made-up outcomes; and that the page of the docs is that of the catalogue."""

import re
from pathlib import Path

from sambench.commands.reproductions.catalogue import Input, Reproduction, chosen
from sambench.commands.reproductions.page import badge, page, report_text
from sambench.commands.reproductions.running import Figure, Outcome

ROOT = Path(__file__).parents[3]
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


WITHIN = Outcome(entry("pidinet/full"), {}, [Figure("ods", "0.806598", 0.80675, (0.79, 0.82), "within")])
OUTSIDE = Outcome(entry("pidinet/l", tolerance=5e-6), {}, [Figure("voi_ods", "1.36877", 1.3675, None, "outside")])
BESIDE = Outcome(entry("pidinet/tiny", verdict=False), {}, [Figure("ods", "0.539", 0.55, (0.5, 0.6), "beside")])
ABSENT = Outcome(entry("pidinet/small"), {"maps": "published/maps is not there"})
FAILED = Outcome(entry("pidinet/nyud"), error="no such folder")


def test_each_figure_stands_beside_the_published_one_with_its_digits():
    text = report_text([WITHIN, OUTSIDE, BESIDE])
    assert "| `pidinet/full` | ods | .806598 | .806750 | [.7900, .8200] | +.000152 | .0005 | within |" in text
    assert "| `pidinet/l` | voi_ods | 1.36877 | 1.36750 |  | -.00127 | .000005 | **outside** |" in text
    assert "| `pidinet/tiny` | ods | .539 | .5500 | [.5000, .6000] | +.0110 |  | no recipe published |" in text


def test_what_is_missing_is_told_once_with_where_it_comes_from_and_goes():
    text = report_text([ABSENT, Outcome(entry("pidinet/tiny_l"), ABSENT.missing), FAILED])
    assert "  pidinet/small: published/maps is not there\n" in text
    assert text.count("  published/maps: edge maps (https://example.org/maps, 12 MB)") == 1
    assert "theirs" not in text
    assert "failed: pidinet/nyud: no such folder" in text


def test_the_line_counts_judged_figures_alone():
    assert badge([WITHIN, OUTSIDE, BESIDE, ABSENT, FAILED]) == (
        "**1 of 2 published figures reproduced within their tolerances** by 3 commands; 1 more stand beside figures"
        " whose recipe is not published; 2 entries were not run here."
    )
    assert badge([WITHIN]).endswith("tolerances** by 1 command.")


def test_the_page_holds_all_of_it():
    text = page([WITHIN, OUTSIDE, BESIDE, ABSENT, FAILED])
    assert "| `pidinet/nyud` | ods .806598 | no such folder |" in text
    assert "| `pidinet/small` | ods .806598 | edge maps |" in text
    assert "| `published/maps` | edge maps | <https://example.org/maps> | 12 MB |" in text
    assert "| package `theirs` | the authors' package | <https://example.org/code> |  |" in text
    assert "Source: its README. Tolerance .0005: rounding." in text
    assert "`sambench score task=edges data=bsds500 data.root=DATA predictions=DATA/published/maps`" in text
    assert page([WITHIN, OUTSIDE, BESIDE, ABSENT, FAILED]) == text


def test_the_page_of_the_docs_and_the_readme_are_of_this_catalogue():
    text = (ROOT / "docs" / "reproductions.md").read_text(encoding="utf-8")
    for one in chosen("all"):
        assert f"* **{one.name}**: {one.title}." in text
        assert f"`sambench {one.command}`" in text
        rows = [row for row in text.splitlines() if row.startswith(f"| `{one.name}` |")]
        printed = " ".join(rows)
        assert rows
        assert all(value.removeprefix("0") in printed for value in one.published.values())
    (line,) = re.findall(r"^\*\*\d+ of \d+ published figures.*", text, re.MULTILINE)
    assert line in (ROOT / "README.md").read_text(encoding="utf-8").replace("\n", " ").replace("  ", " ")

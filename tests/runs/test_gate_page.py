import html
import re
from html.parser import HTMLParser

import numpy as np
from made_rows import edge_rows, proposal_rows
from stored_runs import stored

from sambench import gate
from sambench.gates.page import GateLine, gate_page
from sambench.gates.render import render_gate


class Texts(HTMLParser):
    """The words of a page's body."""

    def __init__(self, page):
        super().__init__()
        self.words = []
        self.feed(page.partition("<body>")[2])

    def handle_data(self, data):
        self.words += data.split()


def test_the_page_says_what_the_console_says(tmp_path):
    rows = proposal_rows(40)
    for row in rows[1:]:
        row["places_large"] = []
    lost = [{**row, "places_all": np.where(np.array(row["places_all"]) < 9, -1, 5).tolist()} for row in rows]
    sides = [stored(tmp_path / name, "proposals", own) for name, own in (("a", rows), ("b", lost))]
    result = gate(*sides, replicates=100)
    console = render_gate(result, "text").partition("\npictures: ")[0]
    words = list(re.sub(r"-{3,}", "", console).replace("(baseline -> candidate):", "(baseline -> candidate)").split())
    assert words == Texts(render_gate(result, "html")).words
    assert "regression:" in words


def test_what_is_not_comparable_is_said_alike(tmp_path):
    sides = [stored(tmp_path / name, rows=edge_rows(8), nms_iou=iou) for name, iou in (("a", 0.7), ("b", 0.9))]
    result = gate(*sides)
    assert render_gate(result, "text").split() == Texts(render_gate(result, "html")).words


def test_texts_are_escaped():
    evil = "<script>alert(1)</script>"
    page = gate_page(evil, [evil], [evil], [GateLine("failing", [evil])], [evil], [(evil, [evil])])
    assert evil not in page
    assert page.count(html.escape(evil)) == 8  # one also in the title
    assert "default-src 'none'" in page

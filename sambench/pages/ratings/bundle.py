"""One rater's jobs as a single page that needs no server: it keeps ratings in the browser and saves them to a file."""

from __future__ import annotations

import base64
import json

from sambench.errors import UsageError
from sambench.pages.ratings.server import asset, state_of
from sambench.pages.ratings.study import Study
from sambench.pages.ratings.views import VIEWS

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def bundle(study: Study, rater: str) -> str:
    """Return the page of one rater, pictures embedded.

    Raises:
        UsageError: The study has no such rater.
    """
    if rater not in study.orders:
        raise UsageError(
            f"the study has no {rater}", where="rater", mend=f"use one of {', '.join(list(study.orders)[:5])}"
        )
    pictures = {
        job: [
            "data:image/webp;base64," + base64.b64encode(study.picture(job, view).read_bytes()).decode()
            for view in range(1, len(VIEWS) + 1)
        ]
        for job in study.orders[rater]
    }
    content = {**state_of(study, rater, {}), "pictures": pictures}
    data = json.dumps(content).replace("<", "\\u003c")
    page = asset("rate.html")
    page = page.replace(
        '<meta charset="utf-8">',
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
    )
    page = page.replace('<link rel="stylesheet" href="rate.css">', f"<style>{asset('rate.css')}</style>")
    script = f'<script type="application/json" id="bundle">{data}</script><script>{asset("rate.js")}</script>'
    return page.replace('<script src="rate.js"></script>', script)

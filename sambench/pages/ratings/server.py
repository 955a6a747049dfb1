"""The rating page on this machine: a Flask application that trusts neither the request's host nor its paths."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from sambench.errors import SambenchError
from sambench.pages.ratings.store import Rating, RatingStore, checked_rating
from sambench.pages.ratings.study import DATABASE, Study
from sambench.pages.ratings.views import VIEWS

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Host names that are answered to; any other may be a foreign page's that was pointed here."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ASSETS = {
    "/": ("rate.html", "text/html"),
    "/rate.css": ("rate.css", "text/css"),
    "/rate.js": ("rate.js", "text/javascript"),
}


def asset(name: str) -> str:
    """Read one of the page's files."""
    return (files("sambench.pages.ratings") / "templates" / name).read_text("utf-8")


def state_of(study: Study, rater: str, answers: Mapping[str, Rating]) -> dict[str, Any]:
    """Return a rater's jobs in order and the answers so far, as the page reads them; nothing tells what a job is."""
    return {
        "study": study.name,
        "rater": rater,
        "jobs": study.orders[rater],
        "views": list(VIEWS),
        "answers": {job: vars(one) for job, one in answers.items()},
    }


def application(study: Study, hosts: tuple[str, ...] = LOOPBACK) -> Flask:
    """Make the application; ratings go to the study's database.

    A request without a rater's token in its `Authorization` header gets nothing but the empty page, so that no other
    site's page can send or read ratings. The token stands behind the `#` of the page's address, which no browser sends.

    Args:
        study: The study.
        hosts: Names that the `Host` header may have.
    """
    app = Flask("sambench.pages.ratings", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 4096
    store = RatingStore(study.folder / DATABASE)
    parts = {path: (asset(name), kind) for path, (name, kind) in _ASSETS.items()}

    def known_host() -> None:
        name = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
        if name not in hosts:
            abort(421)

    def careful(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def page() -> Response:
        text, kind = parts[request.path]
        return Response(text, mimetype=kind)

    def icon() -> Response:
        return Response(status=204)

    app.before_request(known_host)
    app.after_request(careful)
    app.add_url_rule("/favicon.ico", view_func=icon)
    for path in parts:
        app.add_url_rule(path, path, page)

    @app.get("/api/state")
    def state() -> Any:
        rater = _rater(study)
        return state_of(study, rater, store.of(rater))

    @app.get("/api/picture/<job>/<int:view>")
    def picture(job: str, view: int) -> Response:
        if job not in study.orders[_rater(study)] or not 1 <= view <= len(VIEWS):
            abort(404)
        return Response(study.picture(job, view).read_bytes(), mimetype="image/webp")

    @app.post("/api/rate")
    def rate() -> Any:
        rater = _rater(study)
        content = request.get_json()
        try:
            rating = checked_rating(content)
        except SambenchError:
            abort(400)
        if rating.job not in study.orders[rater]:
            abort(404)
        kept = store.add(rater, rating, again=content.get("again") is True)
        return jsonify(kept=kept, state=state_of(study, rater, store.of(rater)))

    return app


def _rater(study: Study) -> str:
    """Return whose token the request carries; every token is compared, each in constant time."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    raters = [rater for rater, token in study.tokens.items() if hmac.compare_digest(token.encode(), given)]
    if not raters:
        abort(401)
    return raters[0]

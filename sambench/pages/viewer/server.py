"""The page on this machine: a Flask application that only reads, and trusts neither a request's host nor its path."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, abort, request

from sambench.errors import SambenchError
from sambench.pages.viewer.assets import KINDS, POLICY, as_json, assets
from sambench.pages.viewer.cache import PictureCache
from sambench.pages.viewer.library import SMALL, Library

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine, which no other can reach and which are answered to; any other may be a foreign page's that was
pointed here."""

_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"></svg>'
"""The small picture of an image that cannot be drawn."""

_PICTURES = {"jpg": "image/jpeg", "png": "image/png"}


def application(library: Library, pictures: PictureCache, token: str, host: str = "127.0.0.1") -> Flask:
    """Make the application. Every address begins with the token; without it nothing is sent, not even the page.

    Args:
        library: The runs.
        pictures: Where drawn pictures are kept.
        token: The secret.
        host: The address that is listened at; beyond loopback the names of this machine alone are answered to.
    """
    app = Flask("sambench.pages.viewer", static_folder=None)
    parts = assets()

    def known() -> None:
        if not _is_own(request.host, host):
            abort(421)
        first = request.path.split("/")[1]
        if not hmac.compare_digest(first.encode(), token.encode()):
            abort(404)

    def careful(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def json_response(make: Callable[[], dict[str, Any]]) -> Response:
        try:
            return Response(as_json(make()), mimetype="application/json")
        except KeyError:
            abort(404)

    app.before_request(known)
    app.after_request(careful)

    @app.get("/<token>/")
    def page(token: str) -> Response:
        return Response(parts["index.html"], mimetype="text/html")

    @app.get("/<token>/<name>")
    def part(token: str, name: str) -> Response:
        if name not in parts:
            abort(404)
        return Response(parts[name], mimetype=KINDS[name.rpartition(".")[2]])

    @app.get("/<token>/data/runs.json")
    def runs(token: str) -> Response:
        return json_response(library.runs)

    @app.get("/<token>/data/progress.json")
    def progress(token: str) -> Response:
        return json_response(library.progress)

    @app.get("/<token>/data/compare/<first>/<second>.json")
    def compare(token: str, first: str, second: str) -> Response:
        return json_response(lambda: library.compared(first, second))

    @app.get("/<token>/data/<key>/run.json")
    def run(token: str, key: str) -> Response:
        return json_response(lambda: library.run(key))

    @app.get("/<token>/data/<key>/so_far.json")
    def so_far(token: str, key: str) -> Response:
        return json_response(lambda: library.so_far(key))

    @app.get("/<token>/data/<key>/images.json")
    def images(token: str, key: str) -> Response:
        return json_response(lambda: library.images(key))

    @app.get("/<token>/data/<key>/<int:index>/image.json")
    def image(token: str, key: str, index: int) -> Response:
        return json_response(lambda: library.image(key, index))

    @app.get("/<token>/data/<key>/<int:index>/<name>")
    def picture(token: str, key: str, index: int, name: str) -> Response:
        kind = _PICTURES.get(name.rpartition(".")[2])
        if kind is None:
            abort(404)
        try:
            version = library.version(key)
            content = pictures.get((key, version, index, name), lambda: library.picture(key, index, name))
        except KeyError:
            abort(404)
        except SambenchError:  # the image's page says why it cannot be drawn
            return Response(NOTHING, mimetype="image/svg+xml") if name == SMALL else abort(404)
        answer = Response(content, mimetype=kind)
        if request.args.get("v") == version[:8]:
            answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
        return answer

    return app


def _is_own(asked: str, listening: str) -> bool:
    """Tell whether a `Host` header names this machine: a name of loopback, or the address that is listened at.

    Where a wider address is listened at, every numeric one is let pass: a foreign page can point a name of its own
    here, but no number.
    """
    name, _, port = asked.rpartition(":")
    name = (name if port.isdigit() and name else asked).strip("[]")
    if name in LOOPBACK or name == listening:
        return True
    if listening in LOOPBACK:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

"""The page's own files, its content security policy, and JSON as it reads it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'"
"""Content-Security-Policy of the page: its own files, and nothing from elsewhere."""

KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def assets() -> dict[str, bytes]:
    """Read the page's files by name."""
    folder = files("sambench.pages.viewer") / "templates"
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name.rpartition(".")[2] in KINDS}


def as_json(content: Any) -> str:
    """Write a value as the JSON that the page reads; no number in it may be NaN or infinite."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)

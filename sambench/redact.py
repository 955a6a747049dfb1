"""Text without credentials: what is printed, logged or written never holds what opens a door."""

from __future__ import annotations

import os
import re
from typing import Any

HIDDEN = "***"

_USERINFO = re.compile(r"://(?:[^\s/@'\"?#]+|[^\s/@'\":]+:(?!\d+/)[^\s@'\"]+)@")
"""What stands before the host of an address; a secret may hold slashes that should have been escaped."""

_QUERY = re.compile(
    r"([?&;](?:x-amz-[a-z-]+|x-goog-[a-z-]+|[a-z_-]*(?:token|secret|password|passwd|signature|credential|apikey|api_key"
    r"|access_?key(?:_?id)?)|awsaccesskeyid|sig|key)=)[^&;\s'\"]+",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|ACCESS_KEY|API_?KEY|PRIVATE_KEY", re.IGNORECASE)

_ABSOLUTE = re.compile(r"[/~\\]|[A-Za-z]:[/\\]")
"""How a path begins that holds for one machine alone."""

_opened: set[str] = set()
"""User names and secrets of addresses that were opened: a service's own errors repeat them in other forms."""

_SHORTEST = 8
"""Characters below which a variable's value is too common a text to be hidden everywhere."""


def hide_credentials(url: str) -> None:
    """Hide an address' user name and secret from now on, in whatever form they come back."""
    for user_info in _USERINFO.findall(url):
        _opened.add(user_info.removeprefix("://"))


def without_secrets(text: str) -> str:
    """Return a text without the credentials of its addresses and without the values of secret environment variables.

    >>> without_secrets("s3://KEY:SECRET@bucket/runs?X-Amz-Signature=abc&part=1")
    's3://bucket/runs?X-Amz-Signature=***&part=1'
    """
    return _without(text, _secret_values())


def _secret_values() -> list[str]:
    """Return the values of environment variables whose names say that they are secret."""
    return [value for name, value in os.environ.items() if len(value) >= _SHORTEST and _VARIABLE.search(name)]


def _without(text: str, secrets: list[str]) -> str:
    if "://" in text:
        text = _QUERY.sub(rf"\1{HIDDEN}", _USERINFO.sub("://", text))
    for value in _opened:
        text = text.replace(value, "")
    for value in secrets:
        # The text may be a report of many megabytes: it is searched last, for few values.
        if value in text and not os.path.exists(value):
            text = text.replace(value, HIDDEN)
    return text


def redacted(value: Any) -> Any:
    """Return a JSON-like value with `without_secrets` applied to every text in it, keys included."""
    return _redacted(value, _secret_values())  # a record has hundreds of texts


def _redacted(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _without(value, secrets)
    if isinstance(value, dict):
        return {_redacted(key, secrets): _redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item, secrets) for item in value]
    return value


def without_absolute_paths(value: Any) -> Any:
    """Return a JSON-like value whose absolute paths are their last parts: what is passed on tells nothing of a machine.

    >>> without_absolute_paths({"root": "/home/me/data/bsds", "name": "edges"})
    {'root': 'bsds', 'name': 'edges'}
    """
    if isinstance(value, dict):
        return {key: without_absolute_paths(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_absolute_paths(item) for item in value]
    if isinstance(value, str) and _ABSOLUTE.match(value) and "\n" not in value:
        return re.split(r"[/\\]", value.rstrip("/\\"))[-1]
    return value

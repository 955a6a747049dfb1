"""YAML that users write: read whole, or refused with what is wrong in it."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from sambench.errors import UsageError


def read_yaml(path: Path | Traversable, what: str, where: object = None, mend: str = "mend its YAML") -> Any:
    """Read a YAML file.

    Args:
        path: The file.
        what: What it is, for the message: "policy".
        where: What names it in the message; the file itself where it is left out.
        mend: What mends it.

    Raises:
        UsageError: It cannot be read or is no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UsageError(f"the {what} cannot be read: {error}", where=where or path, mend=mend) from error

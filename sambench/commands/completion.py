"""Tab completion: Hydra's own, taught that a command word comes first."""

from __future__ import annotations

import os
import sys


def main(words: list[str]) -> int:
    """Answer `-sc install=SHELL`, `uninstall=SHELL` and the shell's own `query=SHELL`."""
    from sambench.commands import COMMANDS

    query = next((word for word in words if word.startswith("query=")), None)
    line = os.environ.get("COMP_LINE", "")
    typed = line.split(" ")
    if query is not None and len(typed) <= 2:
        print(" ".join(name for name in COMMANDS if name.startswith(typed[-1] if len(typed) == 2 else "")))
        return 0
    if query is not None:
        command = typed[1]
        if command not in ("run", "score"):
            return 0
        os.environ["COMP_LINE"] = line.replace(f" {command}", "", 1)
        point = int(os.environ.get("COMP_POINT", len(line)))
        os.environ["COMP_POINT"] = str(point - len(command) - 1)
    import hydra

    from sambench.config.plugins import register_configs

    register_configs()
    sys.argv = ["sambench", "-sc", *words]
    hydra.main(version_base="1.3", config_path="pkg://sambench.configs", config_name="config")(_nothing)()
    return 0


def _nothing(config: object) -> None:
    """Hydra completes for an application; this one's job is never run."""

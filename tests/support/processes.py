"""The processes of this machine, read from /proc."""

from pathlib import Path


def children_of(parents, *words):
    """Return the ids of the processes whose parent is one of these and whose command line has one of the words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = int(path.read_text().split("PPid:")[1].split()[0])
            command = (path.parent / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent in parents and any(word in command for word in words):
            found.append(int(path.parent.name))
    return found

"""The evaluation protocols, one module a task; each reads like the appendix it implements."""

if __name__ != "sambench.tasks":
    raise ImportError("import sambench.tasks, not tasks (install the project first: pip install -e .)")

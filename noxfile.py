"""The checks, each by its name: `nox -s lint`. Without `--no-venv` every session installs an environment of its own."""

import os

import nox

nox.needs_version = ">=2026.4"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True

TORCH = "torch==2.13.0"
QUICK = ("python", "-m", "pytest", "-q", "-m", "not slow", "-n", "2")
KERNELS = ("metrics", "masks", "prompts")


def prepare(session: nox.Session, *parts: str) -> None:
    """Install the project with its extras and torch, unless the session runs in the environment that is active."""
    if session.virtualenv.venv_backend != "none":
        session.install(TORCH)
        session.install("-e", f".[{','.join(parts)}]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, spelling, dead code."""
    prepare(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell")
    session.run("vulture")


@nox.session
def types(session: nox.Session) -> None:
    """Types of the package and the tasks."""
    prepare(session, "dev")
    session.run("mypy")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """The quick tests, for every Python that is installed; words after `--` go to pytest."""
    prepare(session, "dev")
    session.run(*QUICK, *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """The slow tests."""
    prepare(session, "dev")
    session.run("python", "-m", "pytest", "-q", "-m", "slow", "-n", "2", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Lines that the quick tests run, in the processes that they start too; fails below the floor of pyproject.toml."""
    prepare(session, "dev")
    session.run("coverage", "erase")
    session.run(*("coverage", "run", *QUICK[1:]), *session.posargs)
    session.run("coverage", "combine", "-q")
    session.run("coverage", "report")


@nox.session
def interpreted(session: nox.Session) -> None:
    """The kernels' tests with numba's compiler off, so that an index out of bounds is an error."""
    prepare(session, "dev")
    folders = [os.path.join("tests", name) for name in KERNELS]
    whole = os.path.join("tests", "masks", "test_generator.py")  # whole images: too slow for the interpreter
    session.run(*QUICK, *folders, f"--ignore={whole}", *session.posargs, env={"NUMBA_DISABLE_JIT": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """The site, into site/; a link that leads nowhere or a page that no menu has is an error."""
    prepare(session, "docs")
    session.run("mkdocs", "build", "--strict", "-q")

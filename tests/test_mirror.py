"""Every module has a test file of its name in the mirrored folder, or a line in `tested_elsewhere.txt`."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent


def modules():
    """Return every module, relative to the package, as it is installed."""
    package = [path.relative_to(ROOT / "sambench") for path in (ROOT / "sambench").rglob("*.py")]
    tasks = [path.relative_to(ROOT) for path in (ROOT / "tasks").rglob("*.py")]
    return {path.as_posix() for path in (*package, *tasks) if path.name != "__init__.py"}


def test_every_module_says_where_it_is_tested():
    lines = (TESTS / "tested_elsewhere.txt").read_text().splitlines()
    elsewhere = dict(line.split() for line in lines)
    assert lines == sorted(lines)
    assert elsewhere.keys() <= modules()
    for module in modules():
        path = Path(module)
        mirrored = path.with_name(f"test_{path.name}").as_posix()
        assert (TESTS / mirrored).is_file() != (module in elsewhere), f"{module}: write tests/{mirrored}, or a line"
    missing = {where for where in elsewhere.values() if not (TESTS / where).is_file()}
    assert not missing

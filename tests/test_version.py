"""The version stands in one place; what repeats it says the same."""

import re
from importlib.metadata import version
from pathlib import Path

import yaml

import sambench

ROOT = Path(__file__).parents[1]


def test_the_citation_names_this_version():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == sambench.__version__


def test_the_installed_package_has_this_version():
    assert version("sambench") == sambench.__version__


def test_the_changelog_knows_this_version_with_the_citations_date():
    releases = re.findall(r"^## \[([\d.]+)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = yaml.safe_load((ROOT / "CITATION.cff").read_text())["date-released"]
    assert releases[0] == (sambench.__version__, str(released))

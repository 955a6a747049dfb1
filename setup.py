"""Map the top-level tasks/ and configs/ folders into the sambench package."""

from setuptools import find_namespace_packages, find_packages, setup


def under(prefix, folder, find=find_packages):
    return [prefix, *(f"{prefix}.{name}" for name in find(folder))]


setup(
    package_dir={
        "sambench": "sambench",
        "sambench.tasks": "tasks",
        "sambench.configs": "configs",
        "sambench.reference": "results/reference",
    },
    packages=[
        "sambench.reference",
        *under("sambench", "sambench"),
        *under("sambench.tasks", "tasks"),
        *under("sambench.configs", "configs", find_namespace_packages),
    ],
    package_data={"": ["*.yaml", "*.csv", "*.schema.json", "py.typed", "templates/*"]},
)

"""Configuration that other packages bring: entry points of the group `sambench.configs` name packages of YAML files."""

from __future__ import annotations

from importlib.metadata import entry_points

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin


class PluginConfigs(SearchPathPlugin):
    """Adds the configuration packages of installed plug-ins to Hydra's search path."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append every package named in the entry-point group."""
        for point in entry_points(group="sambench.configs"):
            search_path.append(point.name, f"pkg://{point.value}")


def register_configs() -> None:
    """Let Hydra see the plug-ins' configuration; harmless to repeat."""
    Plugins.instance().register(PluginConfigs)

"""Configuration beside the project's own: of packages (entry points `sambench.configs`) and of `--config-dir`."""

from __future__ import annotations

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from sambench.config.local_configs import config_folders
from sambench.config.registry import configuration_plugins


class PluginConfigs(SearchPathPlugin):
    """Adds the configuration packages of installed plug-ins to Hydra's search path."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append every package named in the entry-point group, and every folder that the user named."""
        for point in configuration_plugins():
            search_path.append(point.name, f"pkg://{point.value}")
        for folder in config_folders():
            search_path.append("config-dir", f"file://{folder}")


def register_configs() -> None:
    """Let Hydra see the plug-ins' configuration; harmless to repeat."""
    Plugins.instance().register(PluginConfigs)

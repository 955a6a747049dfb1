"""Hydra's configuration composed beside whatever else in this process uses Hydra.

Plug-ins' configuration (entry points `sambench.configs`) and that of `--config-dir` are composed with it.

Hydra keeps one initialised application and one compatibility version a process. Other libraries claim them when they
are imported (sam2 does), and an application of the user's own holds them while it runs. Neither is used here, and both
are left as they were.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import setup_globals
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.types import RunMode
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf, open_dict

from sambench.config.local_configs import config_folders
from sambench.config.registry import configuration_plugins

VERSION_BASE = "1.3"

_one_at_a_time = threading.Lock()  # the compatibility version is the process's


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


def composed(overrides: Sequence[str], with_hydra: bool = False) -> DictConfig:
    """Compose `configs/config.yaml` with overrides in Hydra's grammar.

    Args:
        overrides: The overrides.
        with_hydra: Whether Hydra's own part stays.

    Raises:
        HydraException: Hydra refuses an override.
    """
    if not OmegaConf.has_resolver("now"):
        setup_globals()
    with _one_at_a_time, _version_base():
        config: DictConfig = config_loader().load_configuration(
            "config", overrides=list(overrides), run_mode=RunMode.RUN, from_shell=False
        )
    if not with_hydra:
        with open_dict(config):
            del config["hydra"]
    return config


def config_loader() -> ConfigLoaderImpl:
    """Return Hydra's loader over all places where configuration is looked for, plug-ins' included."""
    return ConfigLoaderImpl(_search_path())


@contextmanager
def without_application() -> Generator[None, None, None]:
    """Take Hydra's initialised application away for a while, so that what is called can initialise its own."""
    holder = GlobalHydra.instance()
    before, holder.hydra = holder.hydra, None
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = before


@contextmanager
def _version_base() -> Generator[None, None, None]:
    holder = VersionBase.instance()
    before = holder.version_base
    version.setbase(VERSION_BASE)
    try:
        yield
    finally:
        holder.version_base = before


def _search_path() -> ConfigSearchPathImpl:
    """Return where configuration is looked for, plug-ins' included, in the order in which Hydra's own entry has it."""
    path = ConfigSearchPathImpl()
    path.append("hydra", "pkg://hydra.conf")
    path.append("main", "pkg://sambench.configs")
    for plugin_class in dict.fromkeys([*Plugins.instance().discover(SearchPathPlugin), PluginConfigs]):
        plugin = plugin_class()  # type: ignore[operator]
        plugin.manipulate_search_path(path)
    path.append("schema", "structured://")
    return path

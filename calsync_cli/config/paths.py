"""Where configuration and state live when no option says otherwise: the platform's own folders."""

from __future__ import annotations

from pathlib import Path


def default_config_path() -> Path:
    from platformdirs import user_config_path

    return user_config_path("calsync", appauthor=False) / "config.toml"


def default_state_dir() -> Path:
    from platformdirs import user_state_path

    return user_state_path("calsync", appauthor=False)

"""configs/ as checked values: `load_config(folder)` gives the `Config` that the services ask."""

from mv.config.config import Config
from mv.config.load import load_config
from mv.config.model import (
    AllowanceLimit,
    Concurrency,
    Flavor,
    ImageDefaults,
    ImageParams,
    ImagePrompts,
    Limits,
    Pictures,
    Preview,
    SceneDefaults,
    SceneParams,
    ScenePrompts,
    SceneSuggestions,
    Vocabulary,
)

__all__ = [
    "AllowanceLimit",
    "Concurrency",
    "Config",
    "Flavor",
    "ImageDefaults",
    "ImageParams",
    "ImagePrompts",
    "Limits",
    "Pictures",
    "Preview",
    "SceneDefaults",
    "SceneParams",
    "ScenePrompts",
    "SceneSuggestions",
    "Vocabulary",
    "load_config",
]

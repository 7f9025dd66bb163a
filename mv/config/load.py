"""configs/ → Config, once, at the start. A mistake stops the start with the file, the line, the key and what was
expected."""

from __future__ import annotations

from pathlib import Path

from mv.config.config import Config
from mv.config.files import engines_of, limits_of
from mv.config.flavors import DEFAULT, build, read_default, read_flavor
from mv.config.mistakes import suggestion
from mv.config.yamlfile import WHOLE_FILE, read
from mv.errors import ConfigMistake

MODELS = "models.yaml"
LIMITS = "limits.yaml"


def load_config(folder: Path) -> Config:
    """Reads and checks everything. Raises ConfigMistake for the first mistake; its file is relative to the folder."""
    try:
        names = _names(folder)
        engines = engines_of(read(folder, MODELS))
        limits = limits_of(read(folder, LIMITS))
        default = read_default(folder)
        tried: set[tuple[str, ...]] = set()
        flavors = {DEFAULT: build(DEFAULT, default, engines, tried)}
        for name in names:
            flavors[name] = build(name, read_flavor(folder, name, default), engines, tried)
    except OSError as error:
        where = Path(error.filename or folder).name
        raise ConfigMistake(where, 0, WHOLE_FILE, f"a folder that can be read ({error.strerror})") from error
    return Config(flavors=flavors, engines=engines, limits=limits)


def _names(folder: Path) -> list[str]:
    """The flavors beside `default`, sorted. A YAML file that is not known is a misspelt one."""
    if not folder.is_dir():
        raise ConfigMistake(str(folder), 0, WHOLE_FILE, "a folder with the configuration; see MV_CONFIG_DIR")
    names = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__")):
            continue
        if path.is_dir():
            names.append(path.name)
        elif path.suffix in (".yaml", ".yml") and path.name not in (MODELS, LIMITS):
            hint = suggestion(path.name, [MODELS, LIMITS]) or f"; known are {MODELS} and {LIMITS}"
            raise ConfigMistake(path.name, 0, WHOLE_FILE, f"no file of this name{hint}")
    return [name for name in names if name != DEFAULT]

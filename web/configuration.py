"""Where settings come from: a file, the environment, flags; and what is said of those that cannot be used."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from .policies import PolicyRefused, field_errors
from .settings import NESTED, PREFIX, ConfigError, Settings
from .store.address import masked
from .wire import policy_json

CONFIG_VARIABLE = f"{PREFIX}CONFIG"
CLIENT_VARIABLE = f"{PREFIX}TOKEN"
"""What `gorewatch watch` and `gorewatch publish` show the service; the service itself does not use it."""
_MASK = "********"
_STORE = "store"
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
"""What Pydantic calls a key that is none: of a model, of a dataclass."""


def load_settings(*, config: Path | None = None, flags: Mapping[str, object] | None = None) -> Settings:
    """The effective settings. `config` wins over GOREWATCH_CONFIG; flags that are None count as not given.

    Raises `ConfigError` for a file that cannot be read, an unknown key or a value out of its range.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    named = config or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    file_values = {} if named is None else _read(named)
    env_values = _environment()
    merged = _merge(_merge(file_values, env_values), given)
    origins = dict.fromkeys(_leaves(file_values), f"file {named}")
    origins |= {leaf: f"environment {PREFIX}{leaf.upper().replace('.', NESTED)}" for leaf in _leaves(env_values)}
    origins |= dict.fromkeys(_leaves(given), "flag")
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_sentence(error, origins)) from error
    settings.came_from(origins)
    return settings


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Every setting as (name, value, where it came from), secrets masked; names as in the file, tables dotted."""
    rows = []
    for leaf, value in _leaves(_plain(settings)).items():
        shown = _MASK if isinstance(value, SecretStr) else masked(_shown(value)) if leaf == _STORE else _shown(value)
        rows.append((leaf, shown, settings.origin(leaf)))
    return rows


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables that look like settings of ours and are none: most likely a slip of the pen."""
    known = {f"{PREFIX}{leaf.upper().replace('.', NESTED)}" for leaf in _leaves(_plain(Settings.model_construct()))}
    tables = {f"{PREFIX}POLICY", f"{PREFIX}LIMITS", f"{PREFIX}RETENTION", CONFIG_VARIABLE, CLIENT_VARIABLE}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known | tables)


def _plain(settings: Settings) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(settings, name) for name in Settings.model_fields}
    return values | {
        "policy": policy_json(settings.policy),
        "limits": dict(settings.limits),
        "retention": dict(settings.retention),
    }


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The configuration file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration file {path} is not valid TOML: {error}.") from error


def _environment() -> dict[str, object]:
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise ConfigError(
            f"The environment is not usable: {error}; give single settings such as {PREFIX}POLICY__FPS=2."
        ) from error


def _merge(lower: Mapping[str, object], upper: Mapping[str, object]) -> dict[str, object]:
    merged = dict(lower)
    for name, value in upper.items():
        below = merged.get(name)
        merged[name] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _leaves(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    leaves: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            leaves |= _leaves(value, f"{prefix}{name}.")
        else:
            leaves[f"{prefix}{name}"] = value
    return leaves


def _shown(value: object) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value) or "(none)"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    table = ".".join(str(part) for part in first["loc"])
    if isinstance(cause, PolicyRefused):
        name, message = f"{table}.{cause.errors[0].field}", cause.errors[0].message
    else:
        name, message = table, "is missing" if first["type"] == "missing" else field_errors(error)[0].message
    origin = origins.get(name) or origins.get(str(first["loc"][0]))
    place = f" (from the {origin})" if origin else ""
    if first["type"] in _UNKNOWN:
        return f"There is no setting {name}{place}; `gorewatch serve --print-config` lists them all."
    return f"The setting {name} {message}{place}."

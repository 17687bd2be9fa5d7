"""One typed table of settings: one TOML file, overridden by the environment, overridden by flags."""

import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
    SettingsError,
)

from inference.policy import Policy
from stream.ice import IceOptions

from .policies import PolicyRefused, field_errors, merge_policy

PREFIX = "GOREWATCH_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
_NESTED = "__"
_MASK = "********"
_ICE_SERVER = re.compile(r"(stun|turns?):[A-Za-z0-9.-]+(:[0-9]{1,5})?(\?transport=(udp|tcp))?")


class ConfigError(Exception):
    """The service cannot be started as configured. `str()` is one line that says what to do about it."""


class Limits(BaseModel):
    """The `[limits]` table: how much of each thing is kept or let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_streams: int = Field(default=64, ge=1, le=100_000, description="streams that may run at once")
    worker_streams: int = Field(
        default=200, ge=1, le=10_000, description="streams that one decoder process may have; more are refused"
    )
    worker_memory_mb: int = Field(
        default=4000,
        ge=200,
        le=1_000_000,
        description="megabytes of memory over which a decoder process is replaced; its live streams go on in another",
    )
    decode_errors_per_minute: int = Field(
        default=600, ge=1, le=1_000_000, description="errors of decoding over which a live source is opened anew"
    )
    max_publishers: int = Field(default=64, ge=0, le=100_000, description="streams that may be published at once")
    max_checks: int = Field(
        default=16, ge=1, le=10_000, description="images and videos of `/1.0` that are looked at at once"
    )
    check_queue: int = Field(
        default=64, ge=0, le=100_000, description="images and videos that wait for that; more are answered with 503"
    )
    fetch_timeout_s: int = Field(
        default=20, ge=1, le=300, description="seconds in which an image at an address must have come"
    )
    upload_grace_s: int = Field(
        default=20, ge=1, le=3600, description="seconds after which an upload must come at 8 kB a second on average"
    )
    subscriber_queue: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="events waiting for one subscriber before it is closed as too slow",
    )
    history_events: int = Field(
        default=20_000, ge=1, le=10_000_000, description="events kept in memory for `since=` (about 1 kB each)"
    )


_Words = Annotated[tuple[str, ...], NoDecode]
"""Several values: a list in the file, separated by commas elsewhere."""


class Settings(BaseSettings):
    """Everything that can be configured. Build it with `load_settings`; it does not change after the start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=_NESTED, extra="forbid", frozen=True, arbitrary_types_allowed=True
    )

    host: str = Field(
        default="127.0.0.1", min_length=1, description="address to listen on; all but loopback need a token"
    )
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    token: SecretStr | None = Field(
        default=None,
        description="shared bearer token, 8 characters or more; without one the service is for this machine alone",
    )
    public_hosts: _Words = Field(
        default=(), description="names under which clients reach the service, for the `Host` check"
    )
    allowed_origins: _Words = Field(default=(), description="origins of other sites whose pages may use the service")
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("gorewatch", appauthor=False)),
        description="where the service keeps files of its own",
    )
    model: Path | None = Field(
        default=None, description="the detector's manifest or .onnx file; the one that ships if unset"
    )
    provider: Literal["auto", "cuda", "tensorrt", "cpu"] = Field(
        default="auto", description="what ONNX Runtime computes on"
    )
    variant: Literal["auto", "fp32", "int8", "fp16"] = Field(
        default="auto",
        description="which of the detector's files is used; `auto`: int8 on a CPU, fp16 on a GPU where there is one",
    )
    decoder: Literal["cpu", "nvdec", "auto"] = Field(
        default="cpu",
        description="what decodes pulled video; `nvdec`: an NVIDIA GPU, or the CPU and a warning; `auto`: without one",
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=1024,
        description="decoder processes; one per CPU by default",
    )
    egress_allow: _Words = Field(
        default=(), description="networks that media may come from although they are not public"
    )
    file_roots: _Words = Field(default=(), description="folders whose files HTTP callers may name when a token is set")
    ice_servers: _Words = Field(
        default=(),
        description="STUN and TURN servers for WebRTC, such as `stun:stun.example.org:3478`; none by default",
    )
    turn_username: str | None = Field(default=None, description="user name at the TURN server")
    turn_credential: SecretStr | None = Field(
        default=None, description="password at the TURN server; publishers are told it"
    )
    webrtc_ports: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,5}-[0-9]{1,5}$",
        description="first and last UDP port for WebRTC, such as `50000-50100`; any if unset",
    )
    engine: Literal["local"] = Field(default="local", description="where detection runs; `local` alone in this version")
    bus: Literal["memory"] = Field(default="memory", description="how events travel; `memory` alone in this version")
    log_format: Literal["text", "json"] = Field(default="text", description="lines for people or JSON objects")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe line logged"
    )
    policy: Policy = Field(default_factory=Policy, description="defaults of every stream's policy")
    limits: Limits = Field(default_factory=Limits, description="sizes of what is bounded")

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("public_hosts", "allowed_origins", "egress_allow", "file_roots", "ice_servers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("token")
    @classmethod
    def _usable(cls, value: SecretStr | None) -> SecretStr | None:
        text = "" if value is None else value.get_secret_value()
        if value is not None and (len(text) < 8 or not text.isascii() or not text.isprintable() or " " in text):
            raise ValueError("must be 8 or more ASCII characters without a space")
        return value

    @field_validator("egress_allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_network(part, strict=False)) for part in value)

    @field_validator("file_roots")
    @classmethod
    def _folders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if relative := [part for part in value if not Path(part).is_absolute()]:
            raise ValueError(f"must be absolute paths, which {relative[0]!r} is not")
        return value

    @field_validator("ice_servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if strange := [part for part in value if _ICE_SERVER.fullmatch(part) is None]:
            raise ValueError(f"must look like stun:HOST:PORT or turn:HOST:PORT?transport=udp, not {strange[0]!r}")
        return value

    @field_validator("webrtc_ports")
    @classmethod
    def _port_range(cls, value: str | None) -> str | None:
        if value is not None:
            first, last = map(int, value.split("-"))
            if not 1024 <= first <= last <= 65535:
                raise ValueError("must be two ports from 1024 to 65535, the smaller one first")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("policy", mode="before")
    @classmethod
    def _policy(cls, value: object) -> object:
        return merge_policy(value, Policy(), prefix="", strict=False) if isinstance(value, Mapping) else value

    @property
    def ice(self) -> IceOptions:
        """How workers reach WebRTC peers."""
        first, _, last = (self.webrtc_ports or "").partition("-")
        credential = None if self.turn_credential is None else self.turn_credential.get_secret_value()
        return IceOptions(
            servers=self.ice_servers,
            username=self.turn_username,
            credential=credential,
            ports=(int(first), int(last)) if last else None,
        )

    @property
    def token_text(self) -> str | None:
        """The bearer token in clear, None when none is configured."""
        return None if self.token is None else self.token.get_secret_value()


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
    origins |= {leaf: f"environment {PREFIX}{leaf.upper().replace('.', _NESTED)}" for leaf in _leaves(env_values)}
    origins |= dict.fromkeys(_leaves(given), "flag")
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_sentence(error, origins)) from error
    settings._origins.update(origins)
    return settings


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Every setting as (name, value, where it came from), secrets masked; names as in the file, tables dotted."""
    rows = []
    for leaf, value in _leaves(_plain(settings)).items():
        shown = _MASK if isinstance(value, SecretStr) else _shown(value)
        rows.append((leaf, shown, settings._origins.get(leaf, "default")))
    return rows


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables that look like settings of ours and are none: most likely a slip of the pen."""
    known = {f"{PREFIX}{leaf.upper().replace('.', _NESTED)}" for leaf in _leaves(_plain(Settings.model_construct()))}
    tables = {f"{PREFIX}POLICY", f"{PREFIX}LIMITS", CONFIG_VARIABLE}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known | tables)


def _plain(settings: Settings) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(settings, name) for name in Settings.model_fields}
    return values | {
        "policy": {name: getattr(settings.policy, name) for name in Policy.__dataclass_fields__},
        "limits": dict(settings.limits),
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
        name, message = table, field_errors(error)[0].message
    origin = origins.get(name)
    place = f" (from the {origin})" if origin else ""
    if first["type"] == "extra_forbidden":
        return f"There is no setting {name}{place}; `gorewatch serve --print-config` lists them all."
    return f"The setting {name} {message}{place}."

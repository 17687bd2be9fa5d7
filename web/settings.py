"""One typed table of settings; `configuration.py` fills it."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, PrivateAttr, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from inference.policy import Policy
from stream.ice import IceOptions

from .limits import Limits, Retention
from .policies import merge_policy
from .store.address import DEFAULT_REGION, SQLITE, is_file, is_server
from .workflows import Workflow

PREFIX = "GOREWATCH_"
NESTED = "__"
_STORE_NAME = "gorewatch.db"
_BUS = re.compile(r"memory|(nats|tls)://\S+")
_REGION = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_UPSTREAM = re.compile(r"https?://[^/?#\s@]+/?")
_ICE_SERVER = re.compile(r"(stun|turns?):[A-Za-z0-9.-]+(:[0-9]{1,5})?(\?transport=(udp|tcp))?")


class ConfigError(Exception):
    """The service cannot be started as configured. `str()` is one line that says what to do about it."""


_Words = Annotated[tuple[str, ...], NoDecode]
"""Several values: a list in the file, separated by commas elsewhere."""


class Settings(BaseSettings):
    """Everything that can be configured. `configuration.load_settings` builds it; it does not change later."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=NESTED, extra="forbid", frozen=True, arbitrary_types_allowed=True
    )

    host: str = Field(
        default="127.0.0.1", min_length=1, description="address to listen on; all but loopback need a key"
    )
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    public_hosts: _Words = Field(
        default=(), description="names under which clients reach the service, for the `Host` check"
    )
    allowed_origins: _Words = Field(default=(), description="origins of other sites whose pages may use the service")
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("gorewatch", appauthor=False)),
        description="where the service keeps files of its own",
    )
    store: str | None = Field(
        default=None,
        repr=False,  # it may hold a password
        description="where all is kept that outlives the service, `sqlite:///FILE` or `postgresql://…`; `gorewatch.db` "
        "in the data folder if unset",
    )
    resume: bool = Field(default=True, description="whether live streams are taken up again when the service starts")
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
        default=(), description="networks that media may come from and callbacks go to although they are not public"
    )
    file_roots: _Words = Field(default=(), description="folders whose files HTTP callers may name once there is a key")
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
    engine: Literal["local", "ray"] = Field(
        default="local",
        description="where streams are watched: `local`, in this service, or `ray`, on the hosts of a cluster",
    )
    ray_address: str = Field(
        default="auto",
        min_length=1,
        description="the Ray cluster that this machine is a part of, HOST:PORT; `auto` finds it",
    )
    autoscale: bool = Field(
        default=False,
        description="ask Ray's autoscaler for more nodes when the hosts have too little room left for streams",
    )
    bus: str = Field(
        default="memory",
        repr=False,  # it may hold a password
        description="how events travel: `memory`, or `nats://HOST:PORT` for NATS with JetStream",
    )
    upstream: _Words = Field(
        default=(),
        description="makes this a web node: it sends events from `bus` and forwards all else to the service there, "
        "or to several",
    )
    region: str = Field(
        default=DEFAULT_REGION,
        description="which service this is, of several on one store and one NATS server; a part of subjects of NATS",
    )
    send_webhooks: bool = Field(
        default=True,
        description="whether this node sends what is owed to webhooks and callbacks; web nodes do so from PostgreSQL",
    )
    event_compression: bool = Field(
        default=False,
        description="compress events for WebSocket clients that offer it (permessage-deflate): more memory and time",
    )
    log_format: Literal["text", "json"] = Field(default="text", description="lines for people or JSON objects")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe line logged"
    )
    signing_secret: SecretStr | None = Field(
        default=None, min_length=16, description="signs callbacks (`casec_…`); they are not signed if unset"
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#\s]+/?$",
        description="how clients reach the service, such as `https://moderation.example.org`, for the upload addresses "
        "that it hands out; as they called it if unset",
    )
    workflows: tuple[Workflow, ...] = Field(
        default=(), description="rules by which the workflow endpoints of `/1.0` reject media; in the file alone"
    )
    policy: Policy = Field(default_factory=Policy, description="defaults of every stream's policy")
    limits: Limits = Field(default_factory=Limits, description="sizes of what is bounded")
    retention: Retention = Field(default_factory=Retention, description="how long and how much is kept in the store")

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("public_hosts", "allowed_origins", "egress_allow", "file_roots", "ice_servers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("store")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is not None and not (is_file(value) or is_server(value)):
            raise ValueError("must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
        return value

    @field_validator("bus")
    @classmethod
    def _travelling(cls, value: str) -> str:
        if _BUS.fullmatch(value) is None:
            raise ValueError("must be memory, nats://HOST:PORT or tls://HOST:PORT")
        return value

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, value: str) -> str:
        if _REGION.fullmatch(value) is None:
            raise ValueError(f"must be up to 32 of A-Z, a-z, 0-9, _ and -, such as eu-1, not {value!r}")
        return value

    @field_validator("upstream", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        # None is left out: a variable that is set to nothing is a slip, and would have this node watch streams itself.
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("upstream")
    @classmethod
    def _services(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if strange := [part for part in value if _UPSTREAM.fullmatch(part) is None]:
            raise ValueError(
                f"must be the address of the service alone, such as http://127.0.0.1:8080, not {strange[0]!r}"
            )
        urls = tuple(part.rstrip("/") for part in value)
        if len(set(urls)) < len(urls):
            raise ValueError("must name each service once")
        return urls

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

    @field_validator("workflows")
    @classmethod
    def _one_of_each(cls, value: tuple[Workflow, ...]) -> tuple[Workflow, ...]:
        ids = [workflow.id for workflow in value]
        if twice := [one for one in ids if ids.count(one) > 1]:
            raise ValueError(f"must have an id each, and {twice[0]} is there more than once")
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
    def store_url(self) -> str:
        """Where the store is."""
        return self.store or f"{SQLITE}{self.data_dir / _STORE_NAME}"

    def came_from(self, origins: Mapping[str, str]) -> None:
        """Note where values came from, by dotted name."""
        self._origins.update(origins)

    def origin(self, name: str) -> str:
        """Where the value of a setting came from, for people."""
        return self._origins.get(name, "default")

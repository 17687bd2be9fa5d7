"""How much of what so many streams take: the model of docs/scaling.md, which says where the figures are from. Pure."""

import math
from dataclasses import dataclass

SERVICE_BUSY = 0.7
"""The share of one core that a service's streams may take: its threads take turns, and bursts need the rest."""
HOST_BUSY = 0.65
"""The same of hosts' processors, so that a tenth of them may die."""
LINK_BUSY = 0.5
PICTURES_PER_S = 0.5
NODE_CORES = 32
LINK_GBIT_S = 10.0
STORED_EVENTS = 1_000_000
"""`retention.events_most` as it is by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """CPU seconds, if nothing else is said."""

    decode_s: float
    """Of a sample in a host's workers: reading and decoding up to it, scaling."""
    score_s: float
    """Of a sample in a host's own process: the detector, and telling what it found."""
    sample_service_s: float
    """Of a sample in the service."""
    event_service_s: float
    """Of an event there, more."""
    gpu_scores_per_s: float
    """Samples that one GPU scores."""
    gpu_score_s: float
    """Of a sample in a host's own process, where a GPU scores."""
    borrow_s: float
    """Of a sample that another node scores, more, on both together."""
    sample_bytes: float
    """Of its pixels."""
    picture_bytes: float
    """Of a picture, of which a host tells one every two seconds at most while nothing happens."""
    event_bytes: float
    """Of an event in the log of the bus."""
    bus_events_per_s: float
    database_events_per_s: float
    stream_mb: float
    """Memory of a host."""


COSTS = Costs(
    decode_s=0.0134,
    score_s=0.0084,
    sample_service_s=0.00024,
    event_service_s=0.00012,
    gpu_scores_per_s=2000.0,
    gpu_score_s=0.0025,
    borrow_s=0.0007,
    sample_bytes=150_528.0,
    picture_bytes=16_000.0,
    event_bytes=1000.0,
    bus_events_per_s=20_000.0,
    database_events_per_s=2000.0,
    stream_mb=6.5,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked for: streams, and of each samples a second, seconds between events, and kbit/s."""

    streams: int
    fps: float = 1.0
    event_interval_s: float = 1.0
    kbit_s: float = 3000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What that takes."""

    host_cores: float
    nodes: int
    gpus: int
    gpu_host_cores: float
    """With these GPUs."""
    borrowing_cores: float
    """More, where others decode than have the GPUs."""
    borrowing_gbit_s: float
    """Between these."""
    host_gb: float
    in_gbit_s: float
    links: int
    services: int
    service_mb_s: float
    """From hosts to services, all of them."""
    events_per_s: float
    service_events_per_s: float
    """Of one service: what its log and its database take."""
    bus_share: float
    """Of what the NATS server of a service takes."""
    database_share: float
    """Of what its database is known to take."""
    log_gb_day: float
    """Of all logs."""
    replay_s: float
    """For which one service's events can be replayed."""


def services(streams: int, each_s: float) -> int:
    """How many services so many streams need, each of which takes so much of one's CPU a second."""
    return max(math.ceil(streams * each_s / SERVICE_BUSY - 1e-9), 1)


def service_s(load: Load, costs: Costs = COSTS) -> float:
    """Of a service's CPU, for one stream, each second."""
    events_per_s = min(load.fps, 1.0 / load.event_interval_s)
    return load.fps * costs.sample_service_s + events_per_s * costs.event_service_s


def need(load: Load, costs: Costs = COSTS) -> Need:
    """By the model. Each part is reckoned alone."""
    samples_per_s = load.streams * load.fps
    events_per_s = load.streams * min(load.fps, 1.0 / load.event_interval_s)
    cores = samples_per_s * (costs.decode_s + costs.score_s) / HOST_BUSY
    gbit_s = load.streams * load.kbit_s / 1e6
    apart = services(load.streams, service_s(load, costs))
    return Need(
        host_cores=cores,
        nodes=math.ceil(cores / NODE_CORES),
        gpus=math.ceil(samples_per_s / costs.gpu_scores_per_s / HOST_BUSY),
        gpu_host_cores=samples_per_s * (costs.decode_s + costs.gpu_score_s) / HOST_BUSY,
        borrowing_cores=samples_per_s * costs.borrow_s / HOST_BUSY,
        borrowing_gbit_s=samples_per_s * costs.sample_bytes * 8 / 1e9,
        host_gb=load.streams * costs.stream_mb / 1000.0,
        in_gbit_s=gbit_s,
        links=math.ceil(gbit_s / (LINK_BUSY * LINK_GBIT_S)),
        services=apart,
        service_mb_s=load.streams * min(load.fps, PICTURES_PER_S) * costs.picture_bytes / 1e6,
        events_per_s=events_per_s,
        service_events_per_s=events_per_s / apart,
        bus_share=events_per_s / apart / costs.bus_events_per_s,
        database_share=events_per_s / apart / costs.database_events_per_s,
        log_gb_day=events_per_s * costs.event_bytes * 86_400 / 1e9,
        replay_s=STORED_EVENTS / (events_per_s / apart),
    )


LOADS = tuple(Load(streams=streams) for streams in (1000, 20_000, 100_000))
SPARING = tuple(Load(streams=load.streams, fps=0.5, event_interval_s=10.0) for load in LOADS)


def table(loads: tuple[Load, ...]) -> list[str]:
    """Lines of Markdown: what each of these takes."""
    needs = [need(load) for load in loads]
    rows = [
        ("cores of hosts, all on CPUs", [f"{one.host_cores:,.0f}" for one in needs]),
        (f"nodes of {NODE_CORES} cores", [f"{one.nodes:,}" for one in needs]),
        ("or: GPUs (estimate)", [f"{one.gpus:,}" for one in needs]),
        ("and cores beside them (estimate)", [f"{one.gpu_host_cores:,.0f}" for one in needs]),
        ("more where others have the GPUs", [f"{one.borrowing_cores:,.0f}" for one in needs]),
        ("and Gbit/s between these", [f"{one.borrowing_gbit_s:,.1f}" for one in needs]),
        ("memory of hosts, GB", [f"{one.host_gb:,.0f}" for one in needs]),
        ("video that comes in, Gbit/s", [f"{one.in_gbit_s:,.0f}" for one in needs]),
        (f"links of {LINK_GBIT_S:g} Gbit/s at {LINK_BUSY:.0%}", [f"{one.links:,}" for one in needs]),
        ("services", [f"{one.services:,}" for one in needs]),
        ("hosts to services, MB/s", [f"{one.service_mb_s:,.1f}" for one in needs]),
        ("events a second", [f"{one.events_per_s:,.0f}" for one in needs]),
        ("of one service", [f"{one.service_events_per_s:,.0f}" for one in needs]),
        ("share of what its NATS server takes", [f"{one.bus_share:.0%}" for one in needs]),
        ("share of what its database is known to take", [f"{one.database_share:.0%}" for one in needs]),
        ("logs of NATS, GB a day", [f"{one.log_gb_day:,.0f}" for one in needs]),
        ("a million stored events last, s", [f"{one.replay_s:,.0f}" for one in needs]),
    ]
    return [
        "| | " + " | ".join(f"{load.streams:,} streams" for load in loads) + " |",
        "|---|" + "---:|" * len(loads),
        *(f"| {name} | " + " | ".join(values) + " |" for name, values in rows),
    ]

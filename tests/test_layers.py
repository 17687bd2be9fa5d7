"""Imports point up the flow, pure modules are pure, and nothing is imported in secret."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = {
    "stream": {"stream"},
    "inference": {"inference", "stream"},
    "web": {"web", "inference", "stream"},
    "benchmarks": {"benchmarks", "web", "inference", "stream"},
}
"""Which of our packages each of them may import."""

PURE = (
    "stream.adaptive",
    "stream.address",
    "stream.asking",
    "stream.errors",
    "stream.gop",
    "stream.ice",
    "stream.ids",
    "stream.lag",
    "stream.lifecycle",
    "stream.options",
    "stream.sample",
    "stream.sampling",
    "stream.sdp_fragment",
    "stream.timeline",
    "inference.agreement",
    "inference.batching",
    "inference.buckets",
    "inference.calibrate",
    "inference.evaluation.bootstrap",
    "inference.evaluation.estimates",
    "inference.evaluation.labelled",
    "inference.evaluation.markdown",
    "inference.evaluation.metrics",
    "inference.evaluation.report",
    "inference.events",
    "inference.graph",
    "inference.heat",
    "inference.incidents",
    "inference.judge",
    "inference.looks",
    "inference.outputs",
    "inference.policy",
    "inference.prepare",
    "inference.replay",
    "inference.rising",
    "inference.scores",
    "inference.sizing",
    "inference.smoothing",
    "inference.stats",
    "inference.summary",
    "inference.training.rounding",
    "inference.taxonomy",
    "inference.verdicts",
    "inference.training.choose",
    "inference.training.comparison.logistic",
    "inference.training.comparison.small",
    "inference.training.comparison.sources",
    "inference.training.comparison.table",
    "inference.training.folds",
    "inference.training.picture",
    "web.api.compat.answers",
    "web.api.compat.arguments",
    "web.api.compat.errors",
    "web.api.compat.grid",
    "web.api.compat.paths",
    "web.bench.api_figures",
    "web.api.asyncapi.specimens",
    "web.bench.fanout_figures",
    "web.checked",
    "web.api.openapi.operation",
    "web.bench.alerts.attribution",
    "web.bench.alerts.figures",
    "web.bench.alerts.intervals",
    "web.bench.alerts.motion",
    "web.bench.alerts.plan",
    "web.bench.alerts.replay",
    "web.bench.alerts.report",
    "web.bench.alerts.tables",
    "web.bench.arrival_figures",
    "web.bench.borrowing_figures",
    "web.bench.capacity",
    "web.bench.scale_cases",
    "web.bench.scale_figures",
    "web.bench.scale_sim",
    "web.bench.soak_figures",
    "web.access.caller",
    "web.names",
    "web.access.rate",
    "web.access.scopes",
    "web.callback_urls",
    "web.delivery.audience",
    "web.delivery.interest",
    "web.delivery.backoff",
    "web.delivery.delivery",
    "web.delivery.endpoint",
    "web.delivery.journal",
    "web.delivery.room",
    "web.delivery.signature",
    "web.jobs.counts",
    "web.jobs.fold",
    "web.jobs.grid",
    "web.jobs.notices",
    "web.jobs.objects",
    "web.store.address",
    "web.store.blocks",
    "web.store.days",
    "web.store.job",
    "web.store.kept",
    "web.recording.following",
    "web.recording.judging",
    "web.recording.thinning",
    "web.whatif.judging",
    "web.recording.lately",
    "web.recording.peaks",
    "web.showing",
    "web.terms",
    "web.access.tickets",
    "web.cluster.joining",
    "web.cluster.parameters",
    "web.cluster.routing",
    "web.cluster.spreading",
    "web.cluster.subjects",
    "web.cluster.hosting.messages",
    "web.cluster.hosting.places",
    "web.cluster.hosting.placing",
    "web.cluster.hosting.reasons",
    "web.cluster.hosting.scaling",
    "web.cluster.hosting.underway",
    "web.recording.thinning",
    "web.reports.chart",
    "web.reports.page",
    "web.reports.section",
    "web.reports.style",
    "web.reports.values",
    "web.reports.words",
    "web.access.tokens",
    "web.delivery.cloudevents",
    "web.delivery.filters",
    "web.delivery.frames",
    "web.delivery.history",
    "web.delivery.journal",
    "web.delivery.seats",
    "web.delivery.stretch",
    "web.delivery.unkept",
    "web.delivery.waiting",
    "web.wire",
    "web.workflows",
)
"""Values and arithmetic alone: what the house marks with [p]. Those that are not written yet are passed over."""

OUTSIDE_WORLD = {
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "select", "selectors", "signal", "subprocess"),
    *("threading", "_thread", "contextvars"),
    *("time", "random", "secrets", "uuid", "os", "platform", "sys", "shutil", "tempfile", "glob", "io", "mmap"),
    *("socket", "ssl", "http", "ftplib", "smtplib", "logging", "getpass", "locale"),
}
"""Parts of the standard library through which time, chance, the environment, files, threads or networks come in."""

OUTSIDE_CALLS = {"open", "input", "print", "exec", "eval", "__import__"}
OUTSIDE_ATTRIBUTES = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes", "random"}

LATE_IMPORTS = {
    "aiortc",
    "asyncpg",
    "matplotlib.figure",
    "torch",
    "uvloop",
    "ray",
    "nats",
    "stream.webrtc",
    "web.cluster.log_opening",
    "web.cluster.hosting.on_ray",
    "web.store.revising",
}
"""What may be imported inside a function: heavy or optional, wanted by some uses of a module and not by others."""

LATE_MODULES = ("web.cli", "web.commands.")
"""Where any import may be late: each command loads what it needs, so that `gorewatch --help` is quick."""


CODECS = {
    "av",
    "aioice",
    "aiortc",
    "cv2",
    "stream.decode",
    "stream.pull",
    "stream.still",
    "stream.webrtc",
    "stream.worker",
}
"""What opens or decodes media."""

UNPICKLE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
"""What turns bytes into code. Models, messages and media are data."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py")) if path.is_file()
}


def imports(tree: ast.AST, name: str, path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Every absolute name that is imported, relative ones resolved; `from a import b` gives `a.b`."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node, f"{origin}.{alias.name}") for alias in node.names)


def late_imports(tree: ast.AST) -> Iterator[ast.stmt]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


def parsed(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def test_the_walk_sees_the_packages() -> None:
    assert {"stream.sample", "inference.judge", "web.cli"} <= set(MODULES)
    relative = ast.parse("from . import wire\nfrom ..api import feed\nimport av.error")
    found = [imported for _, imported in imports(relative, "web.delivery.hub", Path("web/delivery/hub.py"))]
    assert found == ["web.delivery.wire", "web.api.feed", "av.error"]


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_up_the_flow(name: str) -> None:
    allowed = LAYERS[name.split(".")[0]]
    for node, imported in imports(parsed(name), name, MODULES[name]):
        top = imported.split(".")[0]
        assert top in allowed or top not in LAYERS, f"{name}:{node.lineno} imports {imported}"
        assert top != "tests", f"{name}:{node.lineno} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_inside_web_ours_are_imported_relatively(name: str) -> None:
    # `web` is also the name that aiohttp's users know its server by.
    if name.split(".")[0] == "web":
        for node in ast.walk(parsed(name)):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] != "web", f"{name}:{node.lineno} imports {node.module}"


@pytest.mark.parametrize("name", [name for name in PURE if name in MODULES])
def test_pure_modules_import_pure_things_alone(name: str) -> None:
    for node, imported in imports(parsed(name), name, MODULES[name]):
        top = imported.split(".")[0]
        if top in LAYERS:
            origin = imported if imported in MODULES else imported.rpartition(".")[0]
            assert origin in PURE, f"{name}:{node.lineno} imports {imported}, which is not pure"
        elif top != "numpy":
            assert top in sys.stdlib_module_names, f"{name}:{node.lineno} imports {imported}"
            assert top not in OUTSIDE_WORLD, f"{name}:{node.lineno} imports {imported}"


@pytest.mark.parametrize("name", [name for name in PURE if name in MODULES])
def test_pure_modules_ask_the_world_nothing(name: str) -> None:
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                assert called.id not in OUTSIDE_CALLS, f"{name}:{node.lineno} calls {called.id}"
            elif isinstance(called, ast.Attribute):
                assert called.attr not in OUTSIDE_ATTRIBUTES, f"{name}:{node.lineno} calls .{called.attr}"
        assert not isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith), f"{name}:{node.lineno} awaits something"


def test_the_service_loads_no_codec() -> None:
    """Hostile media is opened in worker processes alone."""
    loaded = f"import sys; import web.app, web.commands.serve; print(sorted({CODECS!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_unpickled(name: str) -> None:
    for node, imported in imports(parsed(name), name, MODULES[name]):
        assert imported.split(".")[0] not in UNPICKLE, f"{name}:{node.lineno} imports {imported}"
    for part in ast.walk(parsed(name)):
        if isinstance(part, ast.keyword) and part.arg == "allow_pickle":
            assert isinstance(part.value, ast.Constant), f"{name}: allow_pickle must be False"
            assert part.value.value is False, f"{name}: allow_pickle must be False"


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(LATE_MODULES)])
def test_nothing_is_imported_inside_a_function(name: str) -> None:
    late = set(late_imports(parsed(name)))
    for node, imported in imports(parsed(name), name, MODULES[name]):
        allowed = imported in LATE_IMPORTS or imported.rpartition(".")[0] in LATE_IMPORTS
        late_too = any(node.lineno == other.lineno for other in late)
        assert allowed or not late_too, f"{name}:{node.lineno} imports {imported} inside a function"

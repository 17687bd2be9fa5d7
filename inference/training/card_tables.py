"""What stands between the model card's markers."""

from collections.abc import Mapping
from pathlib import Path

from inference.evaluation.estimates import Estimate
from inference.evaluation.markdown import FIGURES, NONE, group_table, interval, number, threshold_rows
from inference.evaluation.metrics import Flags, Floats, figures
from inference.evaluation.report import Report
from inference.taxonomy import rule_markdown
from inference.training import inventory
from inference.training.card import figure
from inference.training.data import Prepared
from inference.training.variants import Kind, VariantFacts

BLOCKS = (
    *("variants", "figures", "targets", "validation-thresholds", "left-out-thresholds", "laid-over", "probes"),
    *("validation-categories", "left-out-categories", "validation-sources", "left-out-sources", "tones", "classes"),
    *("rule", "cost", "data", "licences"),
)
"""Every table that a training writes into the card."""

_TARGETS: tuple[tuple[str, tuple[str, ...], str, float], ...] = (
    ("AUROC, sources left out", ("sources_left_out", "auroc"), "≥", 0.99),
    ("F1 at 0.5, sources left out", ("sources_left_out", "f1"), "≥", 0.95),
    ("recall at 1 % false positives, sources left out", ("sources_left_out", "recall_at_1pct_fp"), "≥", 0.93),
    ("false positives at 0.5, sources left out", ("sources_left_out", "false_positives"), "≤", 0.02),
    ("calibration error, sources left out", ("sources_left_out", "ece"), "≤", 0.03),
    ("AUROC, validation split", ("validation", "auroc"), "≥", 0.99),
    ("F1 at 0.5, validation split", ("validation", "f1"), "≥", 0.95),
    ("recall at 1 % false positives, validation split", ("validation", "recall_at_1pct_fp"), "≥", 0.93),
    ("false positives at 0.5, validation split", ("validation", "false_positives"), "≤", 0.02),
    ("calibration error, validation split", ("validation", "ece"), "≤", 0.03),
    ("recall, blood laid over 1 to 5 %", ("probes", "blood over 1 to 5 %"), "≥", 0.85),
    ("recall, bloody faces", ("probes", "bloody faces"), "≥", 0.9),
)


def headline(found: Report) -> dict[str, object]:
    """The headline's numbers, for the manifest."""
    numbers: dict[str, object] = {"n_gore": found.n_gore, "n_other": found.n_other}
    for name in FIGURES:
        estimate: Estimate = getattr(found.figures, name)
        numbers[name] = None if estimate.value is None else round(estimate.value, 4)
    return numbers


def plain_figures(prob: Floats, gore: Flags) -> dict[str, object]:
    """The same without intervals."""
    return dict(figures(prob, gore).rounded())


def figures_table(validation: Report, left_out: Report | None) -> str:
    """Figures with 95 % intervals, side by side."""
    shown = {"validation split": validation} | ({"sources left out": left_out} if left_out is not None else {})
    titles = [f"{name} ({found.n_gore} + {found.n_other})" for name, found in shown.items()]
    lines = [f"| figure | {' | '.join(titles)} |", f"| --- |{' ---: |' * len(titles)}"]
    for key, title in FIGURES.items():
        cells = []
        for found in shown.values():
            estimate: Estimate = getattr(found.figures, key)
            cells.append(f"{number(estimate.value)} ({interval(estimate)})")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def of_report(prefix: str, found: Report) -> dict[str, str]:
    """The tables of a report by block: thresholds, categories, sources."""
    return {
        f"{prefix}-thresholds": _table(["threshold", "precision", "recall", "false positives"], threshold_rows(found)),
        f"{prefix}-categories": _table(*group_table("category", found.categories)),
        f"{prefix}-sources": _table(*group_table("source", found.sources)),
    }


def targets(metrics: Mapping[str, object]) -> str:
    """Each target, what was reached, and whether that is enough."""
    rows = []
    for title, path, sign, wanted in _TARGETS:
        reached = figure(metrics, *path)
        if reached is None:
            rows.append([title, f"{sign} {wanted:g}", NONE, NONE])
            continue
        short = wanted - reached if sign == "≥" else reached - wanted
        rows.append([title, f"{sign} {wanted:g}", f"{reached:.3f}", "yes" if short <= 0.0 else f"no, by {short:.3f}"])
    return _table(["what", "target", "reached", "met"], rows)


def variants(reference: Path, found: Mapping[Kind, VariantFacts]) -> str:
    """Size and agreement of each variant."""
    rows = [["fp32", f"{reference.stat().st_size / 1e6:.1f}", "0", "0", "0", "yes (the reference)"]]
    for kind, facts in found.items():
        agreement = facts.agreement
        ships = "yes" if facts.ships else f"no: {'; '.join(facts.faults)}"
        apart = [f"{agreement.mean:.4f}", f"{agreement.p99:.4f}", f"{agreement.flips:.2%}"]
        rows.append([str(kind), f"{facts.bytes / 1e6:.1f}", *apart, ships])
    return _table(["variant", "MB", "mean of abs(Δprob)", "p99", "flips at 0.5", "ships"], rows)


def data(prepared: Prepared) -> str:
    """What the weights were trained on, by source with its terms, and what was left out to keep the sides apart."""
    parts = [inventory.by_source(prepared.pictures), inventory.by_licence(prepared.pictures)]
    return "\n\n".join(parts)


def rule() -> str:
    """How the answer of gore-2.0 is derived."""
    return rule_markdown()


def _table(header: list[str], rows: list[list[str]]) -> str:
    rule_row = ["---" if at == 0 else "---:" for at in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule_row, *rows])

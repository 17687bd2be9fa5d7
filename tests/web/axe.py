"""What axe finds wrong with a page for those who do not see it or cannot use a mouse."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.servers import npm

_AXE = "axe-core@4.14.1"


def source(folder: Path) -> str:
    """The script itself, installed into this folder where it is nowhere yet; skips where it cannot be had."""
    return (npm.node_modules(folder, _AXE) / "axe-core" / "axe.min.js").read_text()


async def found(page: Page, script: str) -> list[str]:
    """Each rule that is broken, where and why: in the dark, and in the light."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(script)
    broken = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        answer: dict[str, Any] = await page.evaluate("axe.run({ resultTypes: ['violations'] })")
        nodes = [(rule["id"], node) for rule in answer["violations"] for node in rule["nodes"]]
        broken += [f"{scheme}: {rule}: {node['html']} {node['failureSummary']}" for rule, node in nodes]
    return broken

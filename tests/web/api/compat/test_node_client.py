"""The official Node client from npm, unmodified, its fetch led to the service as `docs/api.md` says: case 48."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.web.api.compat.calling import SECRET, USER, Api

_MODULES = Path(sys.prefix) / "node" / "node_modules"
_INSTALL = f"npm install --prefix {Path(sys.prefix).name}/node sightengine@1.3.1"
_LED = """
const path = require('path').join(process.argv[1], 'sightengine'), base = process.argv[2];
const id = require.resolve('node-fetch', {paths: [require.resolve(path)]}), real = require(id);
const led = (u, o) => real(String(u).replace('https://api.sightengine.com', base), o);
require.cache[id].exports = Object.assign(led, real);
const client = require(path)(process.argv[3], process.argv[4]);
const show = (answer) => console.log(JSON.stringify(answer instanceof Error ? {error: String(answer)} : answer));
"""


def _run(api: Api, call: str, *arguments: str) -> dict[str, Any]:
    """The answer of one call of the client."""
    node = shutil.which("node")
    if node is None or not _MODULES.is_dir():
        pytest.skip(f"needs Node.js and its client: {_INSTALL}")
    script = f"{_LED}\nconst [a, b] = process.argv.slice(5);\n{call}.then(show).catch(show);"
    command = [node, "-e", script, str(_MODULES), api.service.url, USER, SECRET, *arguments]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def test_set_url(api: Api, web_server: HttpServer, clips: Clips) -> None:
    assert _run(api, "client.check(['gore']).set_url(a)", web_server.url(clips.jpeg))["status"] == "success"


def test_set_file(api: Api, clips: Clips) -> None:
    output = _run(api, "client.check(['gore-2.0']).set_file(a)", str(clips.jpeg))
    assert output["media"]["uri"] == clips.jpeg.name


def test_case_48_video_and_video_sync(api: Api, web_server: HttpServer, seven: Path) -> None:
    url, hook = web_server.url(seven), web_server.url("/hook")
    assert _run(api, "client.check(['gore']).video(a, b)", url, hook)["callback"] == hook
    assert len(_run(api, "client.check(['gore']).video_sync(a)", url)["data"]["frames"]) == 4


def test_feedback(api: Api, web_server: HttpServer, clips: Clips) -> None:
    assert _run(api, "client.feedback('gore', 'safe', a)", web_server.url(clips.jpeg))["status"] == "success"

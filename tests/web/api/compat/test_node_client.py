"""The official Node client from npm, unmodified, its fetch led to the service as `docs/api.md` says: case 48."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.web.api.compat.calling import SECRET, USER, Api

_LED = """
const where = require('path').join(process.argv[1], 'sightengine'), base = process.argv[2];
const id = require.resolve('node-fetch', {paths: [require.resolve(where)]}), real = require(id);
const led = (u, o) => real(String(u).replace('https://api.sightengine.com', base), o);
require.cache[id].exports = Object.assign(led, real);
const client = require(where)(process.argv[3], process.argv[4]);
const show = (answer) => console.log(JSON.stringify(answer instanceof Error ? {error: String(answer)} : answer));
"""

_SAMPLE = re.compile(r"^```javascript\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(api: Api, node_modules: Path) -> Run:
    """Runs JavaScript that has `client`, the values it is given as `given`, and `show`: what it showed."""

    def run(script: str, *given: str) -> list[dict[str, Any]]:
        code = f"{_LED}\nconst given = process.argv.slice(5);\n{script}"
        command = ["node", "-e", code, str(node_modules), api.service.url, USER, SECRET, *given]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def _answer(run: Run, call: str, *given: str) -> dict[str, Any]:
    (answer,) = run(f"const [a, b] = given;\n{call}.then(show).catch(show);", *given)
    return answer


def test_set_url(run: Run, web_server: HttpServer, clips: Clips) -> None:
    assert _answer(run, "client.check(['gore']).set_url(a)", web_server.url(clips.jpeg))["status"] == "success"


def test_set_file(run: Run, clips: Clips) -> None:
    output = _answer(run, "client.check(['gore-2.0']).set_file(a)", str(clips.jpeg))
    assert output["media"]["uri"] == clips.jpeg.name


def test_case_48_video_and_video_sync(run: Run, web_server: HttpServer, seven: Path) -> None:
    url, hook = web_server.url(seven), web_server.url("/hook")
    assert _answer(run, "client.check(['gore']).video(a, b)", url, hook)["callback"] == hook
    assert len(_answer(run, "client.check(['gore']).video_sync(a)", url)["data"]["frames"]) == 4


def test_feedback(run: Run, web_server: HttpServer, clips: Clips) -> None:
    assert _answer(run, "client.feedback('gore', 'safe', a)", web_server.url(clips.jpeg))["status"] == "success"


def test_the_examples_of_its_readme(
    run: Run, web_server: HttpServer, clips: Clips, seven: Path, node_modules: Path
) -> None:
    """As they are printed, apart from what they ask about, which is not served here."""
    text = (node_modules / "sightengine" / "README.MD").read_text()
    blocks = [block for block in _SAMPLE.findall(text) if "sightengine." in block]
    expected = sum(block.count("// The result of the API") for block in blocks)
    code = "\n".join(f"(() => {{ {block} }})();" for block in blocks)
    code = re.sub(r"check\(\[[^\]]*\]\)", "check(['gore', 'gore-2.0'])", code)
    code = re.sub(r"""feedback\("\w+", *"\w+\"""", 'feedback("gore", "safe"', code)
    code = re.sub(r"https?://\S+\.mp4", web_server.url(seven), code)
    code = re.sub(r"https?://[^/]+deviantart\S+?\.jpg", web_server.url(clips.jpeg), code)
    code = code.replace("https://example.com/yourcallback", web_server.url("/hook"))
    code = code.replace("/full/path/to/image.jpg", str(clips.jpeg)).replace("__dirname", "given[0]")
    code = code.replace("// The result of the API", "show(result);").replace("// Error", "show(err);")
    before = f"""
const fs = require('fs'), path = require('path'), sightengine = client;
const binary_image = fs.createReadStream({json.dumps(str(clips.jpeg))});
const i64 = fs.readFileSync({json.dumps(str(clips.jpeg))}).toString('base64');
"""
    answers = run(before + code, str(node_modules / "sightengine"))
    assert [answer["status"] for answer in answers] == ["success"] * expected

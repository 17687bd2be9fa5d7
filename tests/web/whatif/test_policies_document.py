"""The samples of `docs/policies.md` answer what is printed beside them."""

import asyncio
import json
from typing import Any

from tests.servers.needs import need_program
from tests.web.api.compat.samples import BASE, samples
from tests.web.serving import Served, serving
from tests.web.whatif.past import START_S, Camera
from web.store.kept import Verdict

_MINUTE_S = 60.0
_QUIET = [0.08] * 40
_CONFIRMED = (0.95, 0.93, 0.9, 0.86, 0.81, 0.74, 0.66, 0.57)
_DISMISSED = (0.52, 0.53, 0.55, 0.56, 0.58, 0.61, 0.64, 0.69, 0.72, 0.83)
_NOT_REVIEWED = (0.51, 0.62, 0.78)
_UNEVENTFUL = 9


async def a_team(served: Served) -> str:
    """What a camera showed in half an hour, and what people said of it; the media of the first incident."""
    camera = Camera(served.store)
    ids = []
    for at, level in enumerate((*_CONFIRMED, *_DISMISSED, *_NOT_REVIEWED)):
        levels = _QUIET + [level] * 20 + _QUIET
        ids.append(await camera.media(at, levels, unix_s=START_S + at * _MINUTE_S))
    for at, media_id in enumerate(ids[: len(_CONFIRMED) + len(_DISMISSED)]):
        verdict = Verdict.CONFIRMED if at < len(_CONFIRMED) else Verdict.DISMISSED
        await camera.reviewed(media_id, at, 21.5, 31.5, verdict)
    for at in range(len(ids), len(ids) + _UNEVENTFUL):
        await camera.media(at, _QUIET, unix_s=START_S + at * _MINUTE_S)
    return ids[0]


async def printed_by(served: Served, code: str, media_id: str) -> Any:
    """What a sample prints, led to the service and the media of the test."""
    need_program("curl", "curl")
    for name, here in {BASE: served.url, "MEDIA_ID": media_id, "API_USER:API_SECRET": "any:body"}.items():
        code = code.replace(name, here)
    process = await asyncio.create_subprocess_exec(
        "bash", "-ec", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return json.loads(said)


async def test_a_team_chooses_its_threshold() -> None:
    found = samples("policies.md", "Choosing a threshold from your own traffic")
    async with serving() as served:
        media_id = await a_team(served)
        answer = await printed_by(served, found["bash"][0], media_id)
    assert answer == json.loads(found["json"][0]), json.dumps(answer)


async def test_one_media_by_another_policy() -> None:
    found = samples("policies.md", "One media by another policy")
    printed = json.loads(found["json"][0])
    async with serving() as served:
        media_id = await a_team(served)
        answer = await printed_by(served, found["bash"][0], media_id)
    for whole in (answer, printed):
        # Those of each service.
        del whole["media"], whole["summary"]["media"], whole["summary"]["request"]["id"]
    assert answer == printed, json.dumps(answer)

"""What if, over HTTP, while it is judged: in other processes, which are bounded, may die, and go with who asked."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.servers.service import descendants
from tests.until import until
from tests.web.api.test_replay import asked
from tests.web.serving import Served, bearer, new_key, serving
from tests.web.whatif.past import Camera


async def test_a_large_replay_runs_in_another_process_and_nothing_of_it_stays() -> None:
    async with serving() as served:
        await Camera(served.store).media(1, [0.1, 0.9] * 25_000)
        many = {"since": 0, "policies": [{"threshold": 0.5 + at / 200} for at in range(50)]}
        question = asyncio.create_task(asked(served, "/v1/replay", many))
        await until(lambda: len(judging()) == 1)
        assert (await served.get("/healthz"))["status"] == "ok"
        async with served.http.post("/v1/replay", json=many) as response:
            assert (response.status, (await response.json())["code"]) == (429, "replay_running")
            assert int(response.headers["Retry-After"]) > 0
        assert not question.done(), "the service answers while it is judged"
        question.cancel()
        await asyncio.wait({question})
        # The client is gone: it is given up.
        await until(lambda: not judging())
        await until_it_is_the_turn_of_others(served)
        assert len(judging()) == 1, "it waits for the next question"
    assert not judging()


async def test_a_process_that_dies_is_told_and_replaced() -> None:
    async with serving() as served:
        media_id = await Camera(served.store).media(1, [0.1, 0.9] * 25_000)
        many = {"since": 0, "policies": [{"threshold": 0.5 + at / 200} for at in range(50)]}
        question = asyncio.create_task(asked(served, "/v1/replay", many, status=503))
        await until(lambda: len(judging()) == 1)
        os.kill(judging()[0], signal.SIGKILL)
        assert (await question)["code"] == "replay_broken"
        found = await asked(served, f"/v1/media/{media_id}/replay", {"policy": {}})
        assert found["exact"] is True


async def test_two_replays_run_and_a_third_is_refused() -> None:
    async with serving(keyed=True) as served:
        await Camera(served.store).media(1, [0.1, 0.9] * 25_000)
        many = {"since": 0, "policies": [{"threshold": 0.5 + at / 200} for at in range(50)]}
        others = [bearer(await new_key(served.store)) for _ in range(2)]
        await served.look_again()
        questions = [asyncio.create_task(asked(served, "/v1/replay", many, headers=headers)) for headers in others]
        await until(lambda: len(judging()) == 2)
        async with served.http.post("/v1/replay", json=many) as response:
            assert (response.status, (await response.json())["code"]) == (503, "overloaded")
            assert int(response.headers["Retry-After"]) > 0
        for question in questions:
            question.cancel()
        await asyncio.wait(questions)
    assert not judging()


async def until_it_is_the_turn_of_others(served: Served) -> None:
    async with asyncio.timeout(20.0):
        while True:
            async with served.http.post("/v1/replay", json={"since": 4e9, "policies": [{}]}) as response:
                if response.status == 200:
                    return
                assert (await response.json())["code"] == "replay_running"
            await asyncio.sleep(0.01)


def judging() -> list[int]:
    """The processes of this test that judge."""
    found = []
    for pid in descendants(os.getpid()):
        with suppress(OSError):
            if b"web.whatif.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found

"""The preview picture."""

import io

import numpy as np
from PIL import Image

from stream.sample import SourceInfo
from tests.web.fakes import INFO
from tests.web.serving import bearer, new_key, serving
from web.access.scopes import Scope
from web.api.preview import render


def decoded(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


async def test_the_latest_sample_is_served_from_the_first_to_the_end() -> None:
    async with serving() as served:
        stream = await served.add()
        path = f"/v1/streams/{stream['id']}"
        async with served.http.get(f"{path}/preview.jpg") as response:
            assert response.status == 404
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.2)
        source.sample(0.5, 0.6)
        await served.until(path, lambda answer: answer["samples"] == 2)
        for query in ("", "?clear=1"):
            async with served.http.get(f"{path}/preview.jpg{query}") as response:
                assert response.content_type == "image/jpeg"
                assert response.headers["Cache-Control"] == "no-store"
                picture = decoded(await response.read())
            assert picture.size == (320, 180)
            colour = picture.getpixel((160, 90))
            assert isinstance(colour, tuple)
            assert abs(colour[0] - 0.6 * 255) < 4
        async with served.http.delete(path):
            pass
        async with served.http.get(f"{path}/preview.jpg") as response:
            assert response.status == 404


async def test_the_picture_itself_is_for_keys_that_may_see_it() -> None:
    async with serving(keyed=True) as served:
        path = f"/v1/streams/{(await served.add())['id']}/preview.jpg"
        async with served.http.get(f"{path}?clear=1") as response:
            assert (response.status, (await response.json())["code"]) == (403, "scope_missing")
        for query in ("", "?clear=0"):
            async with served.http.get(path + query) as response:
                assert response.status == 404, "there is no picture yet, but it may be asked for"
        both = await new_key(served.store, Scope.STREAMS, Scope.CLEAR)
        admin = await new_key(served.store, Scope.ADMIN)
        async with served.http.post("/v1/tokens", json={"scope": "streams"}, headers=bearer(admin)) as response:
            token = (await response.json())["token"]
        for credentials, code in (
            (admin, "no_picture"),
            (both, "stream_unknown"),
            (token, "scope_missing"),
        ):
            async with served.http.get(f"{path}?clear=1", headers=bearer(credentials)) as response:
                assert (await response.json())["code"] == code


def test_pixelated_means_that_no_detail_is_left() -> None:
    stripes = np.zeros((224, 224, 3), np.uint8)
    stripes[:, ::2] = 255
    blocks = np.asarray(decoded(render(stripes, INFO, clear=False)), np.int16)
    clear = np.asarray(decoded(render(stripes, INFO, clear=True)), np.int16)
    assert np.ptp(blocks) < 10
    assert np.ptp(clear) > 60


def test_every_shape_of_source_gives_a_picture() -> None:
    pixels = np.zeros((224, 224, 3), np.uint8)
    for width, height, expected in [(1080, 1920, (320, 569)), (10, 4000, (320, 960)), (0, 0, (320, 320))]:
        info = SourceInfo(codec="h264", width=width, height=height, fps=None, live=True)
        assert decoded(render(pixels, info, clear=False)).size == expected

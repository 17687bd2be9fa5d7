"""Where the detector sees gore in the frame of a peak: as a grid, and as the region that a clear picture leaves out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.web.api.test_incidents import refused
from tests.web.api.test_thumbnail import filmed, grey, picture, written
from tests.web.serving import DETECTOR, Served, bearer, new_key, serving
from web.access.scopes import Scope


async def with_a_corner(served: Served, home: Path) -> dict[str, Any]:
    """An incident whose picture has fine green stripes all over, and the detector sees its bottom right corner."""
    incident = await filmed(served)
    file = await written(served, incident, home)
    pixels = np.zeros((224, 224, 3), np.uint8)
    pixels[:, ::8, 1] = pixels[:, 1::8, 1] = 255
    pixels[192:, 192:, 0] = 240
    Image.fromarray(pixels).save(file, "JPEG", quality=95, subsampling=0)
    return incident


async def test_the_grid_says_where_and_which_cells_drove_the_score(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        incident = await with_a_corner(served, tmp_path)
        assert incident["heat"]
        found = await served.get(f"/v1/incidents/{incident['id']}/heat")
        cells = np.array(found["cells"])
        assert cells.shape == (7, 7)
        assert cells[6, 6] > 0.9
        assert cells[:6, :6].max() < 0.1
        assert np.argwhere(found["region"]).tolist() == [[6, 6]]
        async with served.http.get(f"/v1/incidents/{incident['id']}/heat") as response:
            assert response.headers["Cache-Control"] == "no-store"
            assert "X-View-Id" not in response.headers, "nothing is shown"


async def test_a_covered_picture_is_grey_and_clear_but_for_the_region_and_what_touches_it(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        incident = await with_a_corner(served, tmp_path)
        shown = await picture(served, incident, "?clear=1&covered=1")
        assert (shown.size, shown.mode) == ((320, 180), "L")
        levels = np.asarray(shown, np.int16)
        # Beside the edge of the cover, where JPEG mixes both.
        blocks, rest = levels[180 * 5 // 7 + 10 :], levels[: 180 * 5 // 7 - 8, : 320 * 5 // 7 - 8]
        assert np.abs(np.diff(rest, axis=1)).max() > 60, "stripes are seen"
        assert np.abs(np.diff(blocks[:, 260:280], axis=1)).max() < 15, "one of the blocks, which are 20 pixels wide"
        whole = await picture(served, incident)
        assert whole.mode == "RGB"


async def test_a_covered_picture_needs_the_right_and_its_view_is_written_down(tmp_path: Path) -> None:
    async with serving(home=tmp_path, keyed=True) as served:
        incident = await filmed(served)
        path = f"/v1/incidents/{incident['id']}/thumbnail.jpg"
        assert await refused(served, f"{path}?clear=1&covered=1") == (403, "scope_missing")
        assert grey(await picture(served, incident, "?covered=1")) == pytest.approx(0.9, abs=0.02), "pixelated as ever"
        ann = bearer(await new_key(served.store, Scope.ADMIN, name="Ann"))
        async with served.http.get(f"{path}?clear=1&covered=1", headers=ann) as response:
            view = response.headers["X-View-Id"]
        async with served.http.get("/v1/views", headers=ann) as response:
            (noted,) = (await response.json())["views"]
        assert (noted["id"], noted["kind"], noted["subject"]) == (view, "covered", incident["id"])


async def test_a_detector_that_does_not_tell_where_is_said_and_shows_nothing_clear_instead() -> None:
    async with serving(detector=replace(DETECTOR, heat_px=None)) as served:
        incident = await filmed(served)
        assert (incident["picture"], incident["heat"]) == (True, False)
        path = f"/v1/incidents/{incident['id']}"
        assert await refused(served, f"{path}/heat") == (404, "no_heat")
        assert await refused(served, f"{path}/thumbnail.jpg?clear=1&covered=1") == (404, "no_heat")
        assert (await served.get("/v1/views"))["views"] == []
        await picture(served, incident)


async def test_where_no_picture_is_kept_there_is_no_heat(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        incident = await filmed(served, keep="none")
        assert not incident["heat"]
        assert await refused(served, f"/v1/incidents/{incident['id']}/heat") == (404, "no_picture")
        assert (await refused(served, "/v1/incidents/inc_x/heat"))[1] == "incident_unknown"


async def test_other_peoples_incidents_have_none(tmp_path: Path) -> None:
    async with serving(home=tmp_path, keyed=True) as served:
        incident = await filmed(served)
        other = bearer(await new_key(served.store, Scope.STREAMS))
        assert await refused(served, f"/v1/incidents/{incident['id']}/heat", **other) == (404, "incident_unknown")

"""The conformance cases of images, by their numbers, and what else is wrong with pictures."""

import base64
import io
import time
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.ports import free_port
from tests.web.api.compat.calling import (
    CREDENTIALS,
    IMAGE,
    MEDIA_ID,
    Answer,
    Api,
    animated,
    encoded,
    failed,
    jpeg,
    png_of,
    succeeded,
)

_CLASSES = {
    *("very_bloody", "slightly_bloody", "body_organ", "serious_injury", "superficial_injury", "corpse", "skull"),
    *("unconscious", "body_waste", "other"),
}


def scored(answer: Answer, uri: str) -> Answer:
    succeeded(answer, 1)
    assert set(answer.body) == {"status", "request", "gore", "media"}
    prob = answer.body["gore"]["prob"]
    assert isinstance(prob, float)
    assert 0.0 <= prob <= 1.0
    assert prob == round(prob, 4)
    assert answer.body["media"]["uri"] == uri
    assert MEDIA_ID.fullmatch(answer.body["media"]["id"])
    return answer


def test_case_01_by_url(api: Api, web_server: HttpServer, clips: Clips) -> None:
    url = web_server.url(clips.jpeg)
    answer = scored(api.get(url=url), url)
    assert abs(answer.body["request"]["timestamp"] - time.time()) < 30
    assert list(answer.body["gore"]) == ["prob"]


def test_case_02_all_keys_of_gore_2_and_the_same_prob(api: Api) -> None:
    gore = scored(api.send(jpeg(), models="gore-2.0"), "a.jpg").body["gore"]
    assert set(gore) == {"prob", "classes", "type"}
    assert set(gore["classes"]) == _CLASSES
    assert set(gore["type"]) == {"animated", "fake", "real"}
    values = [*gore["classes"].values(), *gore["type"].values()]
    assert all(isinstance(value, float) and 0.0 <= value <= 1.0 for value in values)
    assert gore["prob"] == api.send(jpeg()).body["gore"]["prob"]


def test_case_03_by_multipart(api: Api) -> None:
    scored(api.send(jpeg()), "a.jpg")


def test_case_04_by_multipart_with_the_parameters_in_the_query(api: Api) -> None:
    answer = api.call("POST", IMAGE, params={"models": "gore", **CREDENTIALS}, files={"media": ("a.jpg", jpeg())})
    scored(answer, "a.jpg")


def test_case_05_post_without_a_body(api: Api, web_server: HttpServer, clips: Clips) -> None:
    url = web_server.url(clips.png)
    scored(api.call("POST", IMAGE, params={"models": "gore", "url": url, **CREDENTIALS}), url)


def test_case_06_by_urlencoded_fields_that_win_over_the_query(api: Api, web_server: HttpServer, clips: Clips) -> None:
    url = web_server.url(clips.png)
    fields = {"models": "gore", "url": url, **CREDENTIALS}
    scored(api.call("POST", IMAGE, data=fields, params={"models": "none", "url": "ftp://x"}), url)


def test_case_07_and_08_chunked_and_without_a_type_of_its_own(api: Api) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="media"; filename="media"\r\n\r\n'
    pieces = [part, jpeg(), b"\r\n--b--\r\n"]
    answer = api.call(
        "POST",
        IMAGE,
        params={"models": "gore", **CREDENTIALS},
        data=iter(pieces),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    scored(answer, "media")


@pytest.mark.parametrize("head", [b"", b"data:image/jpeg;base64,"])
def test_case_09_base64_text(api: Api, head: bytes) -> None:
    answer = scored(api.send(head + base64.encodebytes(jpeg()), "image.png"), "image.png")
    assert answer.body["gore"] == api.send(jpeg()).body["gore"]


def test_case_10_media_that_is_no_file(api: Api) -> None:
    parts = {name: (None, value) for name, value in {"models": "gore", **CREDENTIALS, "media": "bytes"}.items()}
    failed(api.call("POST", IMAGE, files=parts), "argument_error", 5)
    failed(api.get(media="bytes"), "argument_error", 5)


def test_case_11_both_models_are_one_object_and_one_operation(api: Api) -> None:
    gore = scored(api.send(jpeg(), models="gore,gore-2.0"), "a.jpg").body["gore"]
    assert set(gore) == {"prob", "classes", "type"}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "GIF", "JPEG2000"])
def test_case_12_formats(api: Api, kind: str) -> None:
    mode = "RGBA" if kind == "PNG" else "RGB"
    scored(api.send(encoded(Image.new(mode, (64, 48), (200, 40, 40)), kind), "a.jpg"), "a.jpg")


def test_case_12_what_full_transparency_hides_counts(api: Api) -> None:
    shown = Image.open(io.BytesIO(jpeg())).convert("RGBA")
    hidden = shown.copy()
    hidden.putalpha(0)
    answers = [api.send(encoded(picture, "PNG"), "a.png").body["gore"] for picture in (shown, hidden)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_case_13_every_frame_of_an_animation_is_scored(api: Api, kind: str) -> None:
    answer = succeeded(api.send(animated(5, kind), "a.gif"), 5)
    assert set(answer.body["gore"]) == {"prob"}


def test_case_13_the_highest_frame_decides(api: Api) -> None:
    pictures = [Image.new("RGB", (160, 120), "white"), Image.open(io.BytesIO(jpeg(160, 120, seed=3)))]
    singles = [api.send(encoded(picture, "PNG"), "a.png").body["gore"]["prob"] for picture in pictures]
    moving = encoded(pictures[0], "WEBP", save_all=True, append_images=pictures[1:], lossless=True)
    assert api.send(moving, "a.webp").body["gore"]["prob"] == pytest.approx(max(singles), abs=0.002)


def test_case_14_bulk(api: Api) -> None:
    names = ["image1.jpg", "image2.jpg"]
    files = [("media[]", (name, jpeg(seed=place))) for place, name in enumerate(names)]
    answer = api.call("POST", IMAGE, files=files, data={"models": "gore", **CREDENTIALS})
    data = succeeded(answer, 2).body["data"]
    assert sorted(one["media"]["uri"] for one in data) == names
    assert len({one["media"]["id"] for one in data}) == 2
    assert all(set(one) == {"gore", "media"} for one in data)
    many = api.call("POST", IMAGE, files=(files * 4)[:7], data={"models": "gore", **CREDENTIALS})
    failed(many, "media_error", 65)


def test_case_14_one_bad_image_fails_them_all(api: Api) -> None:
    files = [("media[]", ("a.jpg", jpeg())), ("media[]", ("b.jpg", b"no image"))]
    failed(api.call("POST", IMAGE, files=files, data={"models": "gore", **CREDENTIALS}), "media_error", 63)


def test_case_15_the_same_image_twice(api: Api) -> None:
    one, other = (api.send(jpeg()).body for _ in range(2))
    assert one["request"]["id"] != other["request"]["id"]
    assert one["media"]["id"] != other["media"]["id"]
    assert one["gore"] == other["gore"]


@pytest.mark.parametrize("models", [None, "", ","])
def test_case_16_no_models(api: Api, models: str | None) -> None:
    failed(api.send(jpeg(), models=models), "argument_error", 51)


@pytest.mark.parametrize("models", ["no-such-model", "gore,no-such-model"])
def test_case_17_unknown_models(api: Api, models: str) -> None:
    assert "no-such-model" in failed(api.send(jpeg(), models=models), "argument_error", 52).text


def test_case_18_no_media(api: Api) -> None:
    failed(api.get(), "argument_error", 4)
    failed(api.get(url=""), "argument_error", 4)


@pytest.mark.parametrize("wrong", [{"api_user": None}, {"api_secret": None}, {"api_user": "x", "api_secret": "y"}])
@pytest.mark.parametrize("models", ["gore", None])
def test_case_19_wrong_credentials(api: Api, wrong: dict[str, Any], models: str | None) -> None:
    failed(api.get(models=models, url="http://x.example/", **wrong), "argument_error", 1, status=401)
    failed(api.send(jpeg(), models=models, **wrong), "argument_error", 1, status=401)


@pytest.mark.parametrize(
    "url", ["not a url", "ftp://x.example/a.jpg", "file:///etc/passwd", "/etc/passwd", "rtsp://x.example/", "http://"]
)
def test_case_20_addresses_of_other_kinds(api: Api, url: str) -> None:
    failed(api.get(url=url), "argument_error", 54)


def test_case_20_a_long_address(api: Api) -> None:
    failed(api.get(url="http://x.example/" + "a" * 20_000), "argument_error", 54)


def test_case_20_addresses_that_are_not_public(api: Api) -> None:
    failed(api.get(url="http://10.0.0.1/a.jpg"), "media_error", 61)


def test_case_21_addresses_that_give_nothing(api: Api, web_server: HttpServer) -> None:
    assert "404" in failed(api.get(url=web_server.url("/status/404")), "media_error", 61).text
    assert "refuse" in failed(api.get(url=f"http://127.0.0.1:{free_port()}/"), "media_error", 61).text
    began = time.monotonic()
    assert "in time" in failed(api.get(url=web_server.url("/silent")), "media_error", 61).text
    assert time.monotonic() - began < 30


def test_case_21_a_server_that_drips_has_the_same_time(api: Api, web_server: HttpServer, clips: Clips) -> None:
    failed(api.get(url=web_server.url(f"/slow/{clips.jpeg.name}?rate=20")), "media_error", 61)


def test_case_22_html_with_status_200(api: Api, web_server: HttpServer, clips: Clips) -> None:
    failed(api.get(url=web_server.url(clips.html)), "media_error", 63)


def test_case_23_too_large_and_too_small(api: Api) -> None:
    assert "12 MB" in failed(api.send(jpeg() + bytes(13_000_000)), "media_error", 62).text
    assert "64,000,000" in failed(api.send(png_of(10_000, 10_000)), "media_error", 62).text
    failed(api.send(png_of(50_000, 50_000)), "media_error", 62)
    assert "8 pixels" in failed(api.send(encoded(Image.new("RGB", (4, 4)), "PNG")), "media_error", 62).text
    files = [("media[]", ("a.jpg", jpeg() + bytes(9_000_000)))] * 3
    failed(api.call("POST", IMAGE, files=files, data={"models": "gore", **CREDENTIALS}), "media_error", 62)


@pytest.mark.parametrize(
    "data",
    [
        jpeg()[:2000],
        np.random.default_rng(0).bytes(5000),
        b"",
        b"GIF89a/*<script>alert(1)</script>*/" * 9,
        b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>',
        b"<!doctype html><title>x</title>",
        animated(3)[:60],
        encoded(Image.new("RGB", (640, 480), "red"), "PNG")[:300],
        encoded(Image.new("RGB", (640, 480), "red"), "JPEG2000")[:200],
    ],
    ids=["truncated", "random", "empty", "script", "svg", "html", "cut gif", "cut png", "cut jpeg 2000"],
)
def test_case_24_what_cannot_be_read(api: Api, data: bytes) -> None:
    failed(api.send(data), "media_error", 63)


def test_case_25_unknown_paths_and_methods(api: Api) -> None:
    failed(api.call("GET", "/1.0/nothing.json"), "request_error", 81, status=404)
    failed(api.call("GET", "/1.0/"), "request_error", 81, status=404)
    refused = failed(api.call("DELETE", IMAGE), "request_error", 81, status=405)
    assert set(refused.headers["Allow"].split(",")) == {"GET", "POST"}


def test_case_26_pages_of_any_origin(api: Api) -> None:
    origin = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    with requests.options(api.service.url + IMAGE, headers=origin, timeout=20) as preflight:
        assert preflight.status_code in (200, 204)
        assert preflight.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    answer = api.call("GET", IMAGE, params={"models": "gore", **CREDENTIALS}, headers=origin)
    assert failed(answer, "argument_error", 4).headers["Access-Control-Allow-Origin"] == "*"


def test_a_name_that_was_pointed_here_is_served(api: Api) -> None:
    # `api.sightengine.com` may be resolved to this host, so that programs need no change.
    answer = api.call("GET", IMAGE, params={"models": "gore", **CREDENTIALS}, headers={"Host": "api.sightengine.com"})
    failed(answer, "argument_error", 4)

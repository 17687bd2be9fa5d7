import json

from inference.looks import Look
from inference.taxonomy import taxonomy
from web.api.compat.answers import Call, Frame, MediaRef, failure, frames_json, gore_json, image_json, success
from web.api.compat.errors import NO_MEDIA

_MEDIA = MediaRef("med_1", "a.jpg")


def test_numbers_have_a_fraction_or_none_whatever_their_value() -> None:
    answer = success(Call("req_1", 1700000000), 2, **image_json([Look(0.0, taxonomy(1.0))], _MEDIA, detailed=False))
    assert json.dumps(answer) == (
        '{"status": "success", "request": {"id": "req_1", "timestamp": 1700000000.0, "operations": 2}, '
        '"gore": {"prob": 1.0}, "media": {"id": "med_1", "uri": "a.jpg"}}'
    )
    frames = frames_json([Frame(2000, taxonomy(0.0))], _MEDIA, detailed=False)
    assert json.dumps(frames) == '[{"info": {"id": "med_1_1", "position": 2000}, "gore": {"prob": 0.0}}]'


def test_a_failure_counts_no_operations_and_carries_a_message() -> None:
    answer = failure(Call("req_1", 1.23456789), NO_MEDIA)
    assert answer["request"] == {"id": "req_1", "timestamp": 1.234568, "operations": 0}
    assert answer["error"] == {"type": "argument_error", "code": 4, "message": "No media specified"}


def test_both_models_have_the_same_prob() -> None:
    gore = taxonomy(0.123456, {"blood": 0.5}, 0.1)
    assert gore_json(gore, detailed=False) == {"prob": 0.1235}
    assert gore_json(gore, detailed=True) == {"prob": 0.1235, "classes": gore.classes, "type": gore.type}


def test_of_an_animation_the_highest_frame_is_answered() -> None:
    looks = [Look(float(number), taxonomy(prob)) for number, prob in enumerate((0.2, 0.9, 0.4))]
    assert image_json(looks, _MEDIA, detailed=False)["gore"] == {"prob": 0.9}

"""The detector that ships: it loads, agrees with its manifest and card, and behaves on pictures made here."""

import numpy as np
import pytest
from PIL import Image

from inference.manifest import shipped_manifest_path
from inference.model import Batch, Model, ModelError
from inference.training import augment, stains

_CARD = shipped_manifest_path().with_name("README.md")
_MOST_BYTES = 16_000_000


@pytest.fixture(scope="module")
def detector() -> Model:
    model = Model.load(provider="cpu")
    model.warm()
    return model


def drawn(count: int, *, blood: bool | None) -> Batch:
    """Drawn scenes with a large stain of blood, of another colour, or none."""
    scenes = []
    for seed in range(count):
        rng = np.random.default_rng([seed, 77])
        scene = np.asarray(augment.abstract(rng), np.uint8)
        if blood is not None:
            colour = stains.blood_colour(rng) if blood else stains.other_colour(rng)
            mask = max((stains.drawn_stain(augment.SIDE_PX, rng) for _ in range(3)), key=lambda found: found.mean())
            scene = stains.lay_over(scene, mask, colour, rng)
        scenes.append(scene)
    return np.stack(scenes)


@pytest.fixture(scope="module")
def blood() -> Batch:
    return drawn(12, blood=True)


def test_it_is_what_its_manifest_says(detector: Model) -> None:
    manifest = detector.manifest
    assert (manifest.name, manifest.licence) == ("gore-lite0", "Apache-2.0")
    assert (manifest.input.width, manifest.input.height) == (224, 224)
    assert detector.provider == "cpu"
    assert (shipped_manifest_path().parent / manifest.file).stat().st_size < _MOST_BYTES


@pytest.mark.parametrize("level", [0, 60, 128, 200, 255])
def test_a_frame_of_one_grey_is_nothing(detector: Model, level: int) -> None:
    prob = detector.score(np.full((1, 224, 224, 3), level, np.uint8))
    assert 0.0 <= prob[0] < 0.3


@pytest.mark.parametrize("colour", [(200, 10, 10), (120, 0, 0), (255, 0, 0), (10, 10, 200), (220, 180, 150)])
def test_a_frame_of_one_colour_is_no_gore(detector: Model, colour: tuple[int, int, int]) -> None:
    prob = detector.score(np.broadcast_to(np.array(colour, np.uint8), (1, 224, 224, 3)).copy())
    assert 0.0 <= prob[0] < 0.5


def test_a_picture_of_one_pixel_is_refused_with_the_size_that_is_wanted(detector: Model) -> None:
    with pytest.raises(ModelError, match="takes uint8 batches of N × 224 × 224 × 3, not uint8 1 × 1 × 1 × 3"):
        detector.score(np.zeros((1, 1, 1, 3), np.uint8))


def test_noise_gives_probabilities(detector: Model) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (4, 224, 224, 3), dtype=np.uint8)
    prob = detector.score(noise)
    assert np.isfinite(prob).all()
    assert ((prob >= 0.0) & (prob <= 1.0)).all()


def test_drawn_blood_is_told_from_paint_and_from_no_stain(detector: Model, blood: Batch) -> None:
    stained, painted, bare = (detector.score(batch) for batch in (blood, drawn(12, blood=False), drawn(12, blood=None)))
    assert np.median(stained) > 0.8
    assert np.median(painted) < 0.3
    assert bare.max() < 0.3
    # Each stain against each paint, which no choice of a threshold can help.
    assert (stained[:, None] > painted[None, :]).mean() > 0.85


def test_a_picture_scores_the_same_alone_and_in_a_batch(detector: Model, blood: Batch) -> None:
    alone = [float(detector.score(blood[index : index + 1])[0]) for index in range(5)]
    assert detector.score(blood[:5]) == pytest.approx(alone, abs=1e-4)


def test_mirroring_and_jpeg_change_little(detector: Model, blood: Batch) -> None:
    as_it_is = detector.score(blood)
    packed = np.stack([augment.compressed(frame, 60) for frame in blood])
    for changed in (np.ascontiguousarray(blood[:, :, ::-1]), packed):
        assert float(np.abs(detector.score(changed) - as_it_is).mean()) < 0.2


def test_the_plain_view_is_the_whole_picture_squashed() -> None:
    wide = Image.new("RGB", (640, 360), (255, 255, 255))
    wide.paste((0, 0, 0), (0, 0, 320, 360))
    view = augment.plain_view(wide)
    assert view.shape == (224, 224, 3)
    assert view[:, :110].max() == 0
    assert view[:, 114:].min() == 255


@pytest.mark.parametrize("of", ["validation", "validation_drawn_on", "sources_left_out"])
def test_the_card_gives_the_figures_of_the_manifest(detector: Model, of: str) -> None:
    found = detector.manifest.metrics[of]
    assert isinstance(found, dict)
    numbers = [found[name] for name in ("auroc", "ap", "precision", "recall", "f1", "false_positives", "ece")]
    row = " | ".join(f"{number:.3f}" for number in numbers if isinstance(number, float))
    assert f"| {found['n_gore']} + {found['n_other']} | {row} |" in _CARD.read_text(encoding="utf-8")

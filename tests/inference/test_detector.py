"""The detector that ships: it loads, agrees with its manifest and card, and behaves on pictures made here."""

import re

import numpy as np
import pytest
from PIL import Image

from inference.evaluation.markdown import FIGURES
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
    assert (manifest.name, manifest.licence) == ("gore-lite1", "Apache-2.0")
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


def test_the_card_gives_the_figures_of_the_manifest(detector: Model) -> None:
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in _CARD.read_text(encoding="utf-8").splitlines()}
    for of in ("validation", "sources_left_out"):
        found = detector.manifest.metrics[of]
        assert isinstance(found, dict)
        for key, title in FIGURES.items():
            number = found[key]
            assert isinstance(number, float)
            # The manifest has four decimals and the card three.
            shown = [float(cell.split(" (")[0]) for cell in rows[title].strip("| ").split(" | ")[1:]]
            assert min(abs(number - other) for other in shown) <= 0.0006


def test_no_place_in_the_card_is_empty() -> None:
    text = _CARD.read_text(encoding="utf-8")
    names = re.findall(r"<!-- begin ([a-z-]+) -->", text)
    assert names
    for name in names:
        block = text.partition(f"<!-- begin {name} -->")[2].partition(f"<!-- end {name} -->")[0]
        assert block.strip(), name


def test_the_variants_that_ship_agree_with_the_reference(detector: Model, blood: Batch) -> None:
    pictures = np.concatenate([blood, drawn(12, blood=False), drawn(12, blood=None)])
    reference = Model.load(provider="cpu", variant="fp32").score(pictures)
    assert set(detector.manifest.variants) <= {"int8", "fp16"}
    for variant in detector.manifest.variants:
        apart = np.abs(Model.load(provider="cpu", variant=variant).score(pictures) - reference)
        assert float(apart.mean()) < 0.03
        assert (shipped_manifest_path().parent / detector.manifest.variants[variant].file).stat().st_size < _MOST_BYTES


def test_it_tells_what_it_sees_and_where(detector: Model) -> None:
    rng = np.random.default_rng(9)
    wall = np.full((224, 224, 3), 170, np.uint8)
    mask = np.zeros((224, 224), np.float32)
    mask[128:, :96] = max((stains.drawn_stain(96, rng) for _ in range(5)), key=lambda found: found.mean())
    found = detector.detail(stains.lay_over(wall, mask, (130, 6, 8), rng)[None])
    assert found.classes is not None
    assert found.map is not None
    assert found.prob[0] > 0.5
    assert detector.manifest.class_output is not None
    names = detector.manifest.class_output.classes
    assert names == ("blood", "wound", "organ", "skull", "drawn")
    assert int(found.classes[0, :-1].argmax()) == names.index("blood")
    cells = found.map[0]
    # The stain lies at the bottom left, and so does the strongest cell.
    row, column = np.unravel_index(int(cells.argmax()), cells.shape)
    assert row >= 3
    assert column <= 3
    assert cells[:3, 4:].max() < 0.5


@pytest.mark.parametrize("side_px", [8, 9, 50])
@pytest.mark.parametrize("colour", [(0, 0, 0), (128, 128, 128), (255, 0, 0), (255, 255, 255)])
def test_a_small_picture_of_one_colour_is_no_gore(detector: Model, side_px: int, colour: tuple[int, int, int]) -> None:
    picture = Image.new("RGB", (side_px, side_px), colour)
    assert detector.score(augment.plain_view(picture)[None])[0] < 0.5


def test_blocks_over_what_drove_the_score_hide_most_of_it_and_leave_the_rest(detector: Model) -> None:
    hidden, covered = [], []
    for seed in range(40):
        rng = np.random.default_rng([seed, 78])
        mask = np.asarray(stains.drawn_stain(augment.SIDE_PX, rng))
        scene = np.asarray(augment.abstract(rng), np.uint8)
        (heat,) = detector.heats(stains.lay_over(scene, mask, stains.blood_colour(rng), rng)[None])
        if heat.prob < 0.5 or not 0.01 < mask.mean() < 0.15:
            continue
        cover = np.kron(heat.cover(), np.ones((32, 32), bool))
        hidden.append(float(cover[mask > 0.3].mean()))
        covered.append(float(cover.mean()))
    assert len(hidden) >= 8
    assert np.mean(hidden) > 0.85
    assert np.mean(covered) < 0.6

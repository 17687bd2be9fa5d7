"""Scenes made here to lay things over."""

import numpy as np

from inference.training import augment
from inference.training.noise import rough
from inference.training.stains import Rgb

SIDE = augment.SIDE_PX


def scene(seed: int) -> Rgb:
    """A wall or floor in a muted colour, uneven, in no bright red."""
    rng = np.random.default_rng([seed, 3])
    base = rng.uniform(90.0, 210.0) * np.array([1.0, rng.uniform(0.9, 1.1), rng.uniform(0.7, 0.9)])
    texture = 1.0 + 0.15 * rough(SIDE, SIDE, 9.0, rng)
    return np.clip(base * texture[..., None], 0.0, 255.0).astype(np.uint8)


def skin(seed: int) -> Rgb:
    """Skin, close up, of any tone."""
    rng = np.random.default_rng([seed, 4])
    base = rng.uniform(90.0, 235.0) * np.array([1.0, 0.74, 0.6])
    texture = 1.0 + 0.06 * rough(SIDE, SIDE, 20.0, rng)
    return np.clip(base * texture[..., None], 0.0, 255.0).astype(np.uint8)


def night(seed: int) -> Rgb:
    """What a camera without colour sees."""
    grey = scene(seed).mean(axis=2, keepdims=True).astype(np.uint8)
    return np.repeat(grey, 3, axis=2)

"""Drawings as the training set has its digits: cut out, as high as the picture, and of one thickness.

The people who made the set scanned forms and normalised what they found: a digit fills a square of 32 by 32 dots from top to
bottom, and whatever it is, about three tenths of the square are ink. Each number of the 8 by 8 says how many of 4 by 4 dots are
ink.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIDE = 128
INK = 0.30
"""The part of the square that is ink in the training set: between 0.296 and 0.322 on average for each of the ten digits."""
_STEPS = 40

Pixels = NDArray[np.float32]


def to_pixels(drawing: NDArray[np.uint8]) -> Pixels:
    """Make 8 by 8 numbers from 0 to 16 of light ink on dark paper. Paper without ink gives zeros."""
    digit = _cut(drawing > drawing.max(initial=1) // 2)
    share = _share(digit)
    thinner = share > INK
    for _ in range(_STEPS):
        # A dot at a time; what gets thinner also gets smaller, so it is cut out again.
        changed = digit.filter(ImageFilter.MinFilter(3) if thinner else ImageFilter.MaxFilter(3))
        changed = _cut(np.asarray(changed) > 127)
        reached = _share(changed)
        if abs(reached - INK) >= abs(share - INK):
            break
        digit, share = changed, reached
    dots = np.asarray(digit, np.float32) / 255
    return dots.reshape(8, SIDE // 8, 8, SIDE // 8).mean((1, 3), dtype=np.float32) * np.float32(16)


def _share(digit: Image.Image) -> float:
    return float(np.asarray(digit).mean()) / 255


def _cut(ink: NDArray[np.bool_]) -> Image.Image:
    """Cut the digit out, and let it fill a square: its height the square's, its width in proportion and in the middle."""
    square = Image.new("L", (SIDE, SIDE))
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return square
    part = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = SIDE / max(part.shape)
    width, height = (max(1, round(length * scale)) for length in (part.shape[1], part.shape[0]))
    digit = Image.fromarray(part.astype(np.uint8) * np.uint8(255)).resize((width, height), Image.Resampling.BILINEAR)
    square.paste(digit, ((SIDE - width) // 2, (SIDE - height) // 2))
    return square

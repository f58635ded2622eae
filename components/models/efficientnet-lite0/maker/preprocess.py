"""Turn photos into the model's input exactly as the package manifest declares it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

KERNELS = {"cubic": Image.Resampling.BICUBIC}
PHOTO_SUFFIXES = {".jpeg", ".jpg", ".png", ".webp"}


def list_photos(directory: Path) -> list[Path]:
    """Return the photos directly in `directory`, by name."""
    photos = sorted(path for path in directory.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
    if not photos:
        raise FileNotFoundError(f"no photos in {directory}")
    return photos


def resize_shorter_side(photo: Image.Image, side: int, kernel: Image.Resampling) -> Image.Image:
    """Scale a photo so that its shorter side has `side` pixels."""
    factor = side / min(photo.size)
    return photo.resize([max(side, round(length * factor)) for length in photo.size], kernel)


def crop_centre(photo: Image.Image, width: int, height: int) -> Image.Image:
    """Cut the centre of a photo out."""
    left, top = (photo.width - width) // 2, (photo.height - height) // 2
    return photo.crop((left, top, left + width, top + height))


def load_input(path: Path, declared: dict) -> np.ndarray:
    """Read a photo as the tensor that a manifest's input entry declares."""
    rules = declared["image"]
    fixed = (rules["resize"], rules["colourOrder"], rules["layout"])
    if fixed != ("center-crop", "RGB", "NCHW"):
        raise ValueError(f"cannot prepare an image as {fixed}")
    *_, height, width = declared["shape"]
    with Image.open(path) as file:
        photo = file.convert("RGB")
    photo = resize_shorter_side(photo, rules["shortSide"], KERNELS[rules["kernel"]])
    pixels = np.asarray(crop_centre(photo, width, height), dtype=np.float32)
    values = (pixels - np.float32(rules["mean"])) * np.float32(rules["scale"])
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])

"""Draws pictures anew: what comes out is a JPEG of moderate size, with nothing but its pixels.

So no file of a stranger reaches anybody else, and nothing that the camera wrote into it: not where somebody
lives, not when, not which device.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from webapp.languages import Sentence

register_heif_opener()

MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 50_000_000
"""Of what is sent: some phones take 48 million. A PNG of 17 KB may hold 144 million: asked at once."""
LONGEST_SIDE = 2048
SMALL_SIDE = 480
_QUALITY = 82
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "GIF")


Box = tuple[float, float, float, float]
"""A part of a picture: left, top, width and height, in parts of 1 of its own."""
_CELLS = 8


class PhotoRefusedError(ValueError):
    """What was sent cannot be kept as a photo; the message says why and what to do."""


class PhotoTooLargeError(PhotoRefusedError):
    """It has too many bytes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept."""

    width: int
    """Pixels of the large one."""
    height: int
    large: bytes
    """JPEG, at most `LONGEST_SIDE` pixels a side."""
    small: bytes
    """JPEG, at most `SMALL_SIDE` pixels a side."""


def draw(stream: BinaryIO) -> Picture:
    """Return the picture that a stream holds, drawn anew. Of a moving one, the first frame.

    Raises
    ------
    PhotoRefusedError
        It is too large, no picture, damaged, or of a kind that is not taken.
    """
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise PhotoTooLargeError(
            Sentence("is larger than %(most)d MB: send a smaller picture.", most=MOST_BYTES // 1024**2)
        )
    if not content:
        raise PhotoRefusedError(Sentence("is empty: send a picture."))
    try:
        return _drawn(content)
    except PhotoRefusedError:
        raise
    except UnidentifiedImageError:
        raise PhotoRefusedError(
            Sentence("is not a picture: send a JPEG, PNG, WebP, HEIC or GIF file.")
        ) from None
    except Exception:
        # Decoders of strangers' files fail in many ways; each means the same to the one who sent it.
        raise PhotoRefusedError(Sentence("is a damaged picture: take or save it again.")) from None


def blurred(content: bytes, boxes: Iterable[Box]) -> Picture:
    """Return a picture of ours with parts made unrecognisable: a few cells of their mean colours."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        flat = image.convert("RGB")
    for left, top, width, height in boxes:
        corners = (
            left * flat.width,
            top * flat.height,
            (left + width) * flat.width,
            (top + height) * flat.height,
        )
        x0, y0, x1, y1 = map(round, corners)
        area = max(0, x0), max(0, y0), min(flat.width, x1), min(flat.height, y1)
        if area[0] < area[2] and area[1] < area[3]:
            part = flat.crop(area)
            flat.paste(
                part.resize((_CELLS, _CELLS), Image.Resampling.BOX).resize(
                    part.size, Image.Resampling.NEAREST
                ),
                area,
            )
    return _kept(flat)


def _drawn(content: bytes) -> Picture:
    with warnings.catch_warnings():
        # Pillow warns of many pixels, and decodes them all the same; we count ourselves.
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise PhotoRefusedError(
                    Sentence(
                        "has more than %(most)d megapixels: send a smaller picture.",
                        most=MOST_PIXELS // 1_000_000,
                    )
                )
            # A JPEG decodes to a half or a quarter of its size for almost nothing.
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            flat = _on_white(upright)
    return _kept(flat)


def _kept(flat: Image.Image) -> Picture:
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    large = _jpeg(flat)
    width, height = flat.size
    flat.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Picture(width, height, large, _jpeg(flat))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    flat = Image.new("RGB", image.size, "white")
    layer = image.convert("RGBA")
    flat.paste(layer, mask=layer.getchannel("A"))
    return flat


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    # A copy of the pixels alone: an image remembers the EXIF and the profile that it was read with.
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    bare.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()

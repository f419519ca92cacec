"""Foreign images, read within bounds of time and memory."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import IO, BinaryIO, cast

from PIL import (
    GifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from tasks.processors.exif import Shot, read_shot

# Named one by one, as Pillow would otherwise load its readers of all formats.
PLUGINS = (
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    WebPImagePlugin.WebPImageFile,
    GifImagePlugin.GifImageFile,
    TiffImagePlugin.TiffImageFile,
)
FORMATS = tuple(plugin.format for plugin in PLUGINS if plugin.format)

MOST_BYTES = 128 << 20  # of a file: its headers alone could fill the memory
MOST_PIXELS = 200_000_000  # of an image, which JPEG can decode at an eighth
MOST_PIXELS_HELD = 40_000_000  # decoded, at up to 4 bytes
MOST_S = 10.0
READ_BYTES = 16384  # between two looks at the clock
SCANS_BYTES = 1024  # the same, where few bytes may mean a pass over all pixels
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

QUALITY = 82
DEEP = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}  # greys beyond 8 bits

# Decoders of foreign bytes raise nearly anything.
BROKEN = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError),
    *(MemoryError, OSError, RuntimeError, SyntaxError, TypeError, ValueError),
    *(struct.error, zlib.error, Warning, Image.DecompressionBombError),
)


class Unreadable(Exception):
    """No image, a broken or too large one; the message says which."""


class TooSlow(OSError):
    """Reading an image takes too long, or nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one image may take; ends at once when the job is to stop."""

    stopped: Event
    until: float = field(default_factory=lambda: monotonic() + MOST_S)

    def check(self) -> None:
        if self.stopped.is_set() or monotonic() > self.until:
            raise TooSlow("The image takes too long to read.")


class Watched(io.BufferedIOBase):
    """A file that stops being read when patience ends."""

    def __init__(self, file: BinaryIO, patience: Patience) -> None:
        self._file = file
        self._patience = patience

    def read(self, size: int | None = -1, /) -> bytes:
        self._patience.check()
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@dataclass(frozen=True, slots=True)
class Photo:
    format: str
    width: int  # as it is to be seen
    height: int
    shot: Shot


@dataclass(frozen=True, slots=True)
class Thumbnail:
    content: bytes
    extension: str
    width: int
    height: int


@contextmanager
def opened(
    file: BinaryIO, *, size: int, patience: Patience
) -> Iterator[ImageFile.ImageFile]:
    """Open an image of the formats we know by its content.

    Raises:
        Unreadable: it cannot be opened, or its reading fails inside the context.
    """
    if not size:
        raise Unreadable("The file is empty.")
    if size > MOST_BYTES:
        raise Unreadable(f"The file has more than {MOST_BYTES >> 20} MiB.")
    try:
        watched = cast("IO[bytes]", Watched(file, patience))  # all that Pillow needs
        with Image.open(watched, formats=FORMATS) as image:
            _refuse_bomb(image.width * image.height, MOST_PIXELS)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable("The image has too many pixels.") from error
    except UnidentifiedImageError as error:
        raise Unreadable("The file is no JPEG, PNG, WebP, GIF or TIFF.") from error
    except TooSlow as error:
        raise Unreadable(str(error)) from error
    except BROKEN as error:
        raise Unreadable("The image is broken.") from error


def look(image: ImageFile.ImageFile) -> Photo:
    """Describe an image without decoding it; broken EXIF counts as none."""
    try:
        shot = read_shot(image)
    except TooSlow:
        raise
    except BROKEN:
        shot = Shot()
    width, height = image.size
    if shot.turned:
        width, height = height, width
    # Several frames in one JPEG make an MPO; its first is all we look at.
    form = "JPEG" if image.format == "MPO" else image.format or ""
    return Photo(form, width, height, shot)


def thumbnail(image: ImageFile.ImageFile, side: int) -> Thumbnail:
    """Draw the image to fit into a square, upright, with nothing but its pixels."""
    small = _shrunk(image, side)
    small = _upright(small)
    clear = small.has_transparency_data
    small = small.convert("RGBA" if clear else "RGB")
    # A new image, so that no metadata comes along.
    plain = Image.new(small.mode, small.size)
    plain.paste(small)
    out = io.BytesIO()
    plain.save(out, "WEBP" if clear else "JPEG", quality=QUALITY)
    extension = "webp" if clear else "jpg"
    return Thumbnail(out.getvalue(), extension, plain.width, plain.height)


def _shrunk(image: ImageFile.ImageFile, side: int) -> Image.Image:
    image.decodermaxblock = READ_BYTES
    if image.info.get("progressive"):  # holds all coefficients, at any scale
        _refuse_bomb(image.width * image.height, MOST_PIXELS_HELD)
        image.decodermaxblock = SCANS_BYTES
    image.draft(None, (2 * side, 2 * side))
    _refuse_bomb(image.width * image.height, MOST_PIXELS_HELD)
    small: Image.Image = image
    if image.mode in {"1", "P", "PA"}:  # which could only be thinned out
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in DEEP:
        small = image.convert("F")
    small.thumbnail((side, side), reducing_gap=2.0)
    return _greys(small) if small.mode == "F" else small


def _greys(deep: Image.Image) -> Image.Image:
    """Stretch deep greys over the 256 that a thumbnail has."""
    low, high = (float(end) for end in deep.getextrema())  # type: ignore[arg-type] # one band
    scale = 255 / (high - low) if high > low else 0.0
    return deep.point(lambda grey: grey * scale - low * scale).convert("L")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except BROKEN:
        return image


def _refuse_bomb(pixels: int, most: int) -> None:
    if pixels > most:
        raise Image.DecompressionBombError(f"{pixels} pixels are more than {most}.")

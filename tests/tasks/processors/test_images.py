"""Foreign images: thumbnails and what a camera wrote, within bounds."""

import io
import struct
import threading
import zlib
from time import monotonic
from typing import Any

import pytest
from PIL import ExifTags, Image

from tasks.processors.images import (
    Patience,
    Photo,
    Thumbnail,
    Unreadable,
    look,
    opened,
    thumbnail,
)
from tasks.processors.places import Place
from tests.support.images import exif, gps, picture, png_bomb


def patience(seconds: float = 30) -> Patience:
    return Patience(threading.Event(), monotonic() + seconds)


def seen(content: bytes) -> Photo:
    size = len(content)
    with opened(io.BytesIO(content), size=size, patience=patience()) as image:
        return look(image)


def small(content: bytes, side: int = 100, until: Patience | None = None) -> Thumbnail:
    size = len(content)
    until = until or patience()
    with opened(io.BytesIO(content), size=size, patience=until) as image:
        return thumbnail(image, side)


def drawn(made: Thumbnail) -> Image.Image:
    image = Image.open(io.BytesIO(made.content))
    image.load()
    assert image.size == (made.width, made.height)
    return image


@pytest.mark.parametrize(
    ("form", "mode", "extension"),
    [
        ("JPEG", "RGB", "jpg"),
        ("JPEG", "L", "jpg"),
        ("JPEG", "CMYK", "jpg"),
        ("PNG", "RGB", "jpg"),
        ("PNG", "RGBA", "webp"),
        ("PNG", "LA", "webp"),
        ("PNG", "1", "jpg"),
        ("PNG", "P", "jpg"),
        ("PNG", "I;16", "jpg"),
        ("WEBP", "RGB", "jpg"),
        ("WEBP", "RGBA", "webp"),
        ("GIF", "P", "jpg"),
        ("TIFF", "RGB", "jpg"),
        ("TIFF", "I;16", "jpg"),
        ("TIFF", "F", "jpg"),
    ],
)
def test_every_kind_of_image_gets_a_thumbnail(
    form: str, mode: str, extension: str
) -> None:
    content = picture(form, (400, 200), mode=mode, colour=None)

    made = small(content)

    assert (made.width, made.height, made.extension) == (100, 50, extension)
    assert drawn(made).getpixel((50, 25))
    assert seen(content).format == form


def test_a_small_image_is_not_blown_up() -> None:
    assert small(picture(size=(30, 20))).width == 30


def test_one_pixel_is_an_image() -> None:
    assert small(picture("PNG", (1, 1))).width == 1


def test_a_very_long_image_keeps_a_pixel_of_width() -> None:
    assert (small(picture("PNG", (1, 9000))).width) == 1


def test_deep_greys_are_stretched_so_that_they_can_be_told_apart() -> None:
    deep = Image.new("I;16", (200, 100), 1000)
    deep.paste(3000, (100, 0, 200, 100))
    out = io.BytesIO()
    deep.save(out, "PNG")

    image = drawn(small(out.getvalue())).convert("L")

    left, right = image.getpixel((10, 25)), image.getpixel((90, 25))
    assert isinstance(left, int)
    assert isinstance(right, int)
    assert left < 10
    assert right > 245


# What undoes each orientation of EXIF; 1 is upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_image_stands_as_its_camera_was_held(turn: int) -> None:
    upright = Image.new("RGB", (200, 100), "blue")
    upright.paste("red", (0, 0, 40, 40))  # the corner at the top left
    back = TURNS.get(turn)
    held = upright if back is None else upright.transpose(back)
    out = io.BytesIO()
    held.save(out, "JPEG", exif=exif(orientation=turn), quality=95)

    photo, image = seen(out.getvalue()), drawn(small(out.getvalue()))

    assert (photo.width, photo.height) == (200, 100)
    assert image.size == (100, 50)
    red, _, blue = image.getpixel((8, 8))  # type: ignore[misc] # three bands
    assert red > 200
    assert blue < 60


def test_a_thumbnail_tells_nothing_of_where_and_when() -> None:
    content = picture(
        exif=exif(gps=gps(52.5, 13.4), make="Spy", taken="2026:05:01 10:00:00"),
        comment=b"secret",
    )

    made = small(content)

    assert not drawn(made).getexif()
    assert b"Spy" in content
    for word in (b"Exif", b"Spy", b"secret", b"2026"):
        assert word not in made.content


def test_what_the_camera_wrote_is_read() -> None:
    content = picture(
        exif=exif(
            gps=gps(-33.8568, 151.2153),
            taken="2026:05:01 10:20:30",
            offset="+10:00",
            make="Nikon",
            model="Nikon D850",
        )
    )

    shot = seen(content).shot

    assert shot.taken_at == "2026-05-01T10:20:30+10:00"
    assert shot.camera == "Nikon D850"
    assert shot.place is not None
    assert shot.place.latitude == pytest.approx(-33.8568, abs=1e-6)
    assert shot.place.longitude == pytest.approx(151.2153, abs=1e-6)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_other_formats_have_exif_too(form: str) -> None:
    shot = seen(picture(form, exif=exif(gps=gps(1.5, 2.5), make="A", model="B"))).shot

    assert shot.camera == "A B"
    # Pillow writes no place into a TIFF.
    assert shot.place == (None if form == "TIFF" else Place(2.5, 1.5))


def test_a_time_without_an_offset_stays_without() -> None:
    content = picture(exif=exif(taken="2026:05:01 10:20:30"))

    assert seen(content).shot.taken_at == "2026-05-01T10:20:30"


TAG = ExifTags.GPS
HOSTILE_GPS: list[dict[int, Any]] = [
    {},
    {TAG.GPSLatitude: (1.0, 2.0, 3.0)},
    {**gps(1, 1), TAG.GPSLatitudeRef: "X"},
    {**gps(1, 1), TAG.GPSLatitude: (91.0, 0.0, 0.0)},
    {**gps(1, 1), TAG.GPSLongitude: (180.0, 59.0, 0.0)},
    {**gps(1, 1), TAG.GPSLongitude: (1.0, 2.0)},
]


@pytest.mark.parametrize("tags", HOSTILE_GPS, ids=range(len(HOSTILE_GPS)))
def test_a_place_that_cannot_be_is_none(tags: dict[int, Any]) -> None:
    content = picture(exif=exif(gps=tags, make="Kept"))

    assert seen(content).shot.place is None
    assert seen(content).shot.camera == "Kept"


@pytest.mark.parametrize("taken", ["", "0000:00:00 00:00:00", "yesterday", "\x00" * 20])
def test_a_time_that_cannot_be_is_none(taken: str) -> None:
    assert seen(picture(exif=exif(taken=taken))).shot.taken_at is None


def test_a_cameras_name_is_short_and_has_no_hidden_letters() -> None:
    shot = seen(picture(exif=exif(make=b"A\x07B\x80" + b"x" * 500))).shot

    assert shot.camera is not None
    assert shot.camera.startswith("ABx")
    assert len(shot.camera) <= 100


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow tells of it so
def test_exif_of_any_bytes_never_raises() -> None:
    good = exif(gps=gps(1, 2), make="M", taken="2026:05:01 10:20:30").tobytes()

    for at in range(len(good)):
        for value in (0x00, 0x7F, 0xFF):
            broken = good[:at] + bytes([value]) + good[at + 1 :]
            photo = seen(picture(size=(8, 8), exif=broken))  # type: ignore[arg-type] # raw
            assert photo.width == 8


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_cut_exif_never_raises() -> None:
    good = exif(gps=gps(1, 2), make="M", taken="2026:05:01 10:20:30").tobytes()

    for length in range(len(good)):
        raw: Any = good[:length]
        assert small(picture(size=(8, 8), exif=raw)).width == 8


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"<html><script>alert(1)</script>", "The file is no JPEG, PNG, WebP, GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "The file is no JPEG"),
        (b"BM" + bytes(100), "The file is no JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n" + bytes(100), "The file is no JPEG"),
        (picture("BMP"), "The file is no JPEG"),
        (picture("PPM"), "The file is no JPEG"),
        (picture("ICO"), "The file is no JPEG"),
        (picture()[:700], "The image is broken."),
        (picture("PNG")[:60], "The image is broken."),
        (picture("TIFF")[:9000], "The image is broken."),
        (picture("WEBP")[:40], "The"),
        (png_bomb(10_000), "The image has too many pixels."),
        (png_bomb(30_000), "The image has too many pixels."),
        (b"\xff\xd8\xff", "The"),
    ],
    ids=range(15),
)
def test_what_is_no_image_that_can_be_drawn_says_why(
    content: bytes, reason: str
) -> None:
    with pytest.raises(Unreadable, match=f"^{reason}"):
        small(content)


def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size() -> None:
    content = picture(size=(9000, 6000))  # 54 million pixels, more than are held

    assert small(content).width == 100


def test_a_large_progressive_jpeg_is_refused_for_it_cannot_be_decoded_in_parts() -> (
    None
):
    content = picture(size=(9000, 6000), progressive=True)

    with pytest.raises(Unreadable, match="too many pixels"):
        small(content)


def test_a_picture_with_a_million_scans_ends_with_patience() -> None:
    content = many_scans(picture(size=(4000, 4000), progressive=True), 20_000)
    began = monotonic()

    with pytest.raises(Unreadable, match="too long"):
        small(content, until=patience(0.5))

    assert monotonic() - began < 5


def many_scans(jpeg: bytes, count: int) -> bytes:
    """Repeat the last scan of a progressive JPEG, which refines what is there."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * count + jpeg[-2:]


def test_a_job_that_is_to_stop_reads_no_further() -> None:
    stopped = threading.Event()
    content = picture("PNG", (3000, 3000))
    stopped.set()

    with pytest.raises(Unreadable, match="too long"):
        small(content, until=Patience(stopped))


def test_a_file_larger_than_any_image_is_not_even_opened() -> None:
    with (
        pytest.raises(Unreadable, match="more than 128 MiB"),
        opened(io.BytesIO(), size=5 << 30, patience=patience()),
    ):
        pass


def test_a_png_with_much_text_is_refused_before_it_is_unpacked() -> None:
    good = picture("PNG", (8, 8))
    text = b"a\0\0" + zlib.compress(b"x" * (200 << 20), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text
    check = struct.pack(">I", zlib.crc32(b"zTXt" + text))

    with pytest.raises(Unreadable, match="broken"):
        small(good[:33] + chunk + check + good[33:])

"""The media type of a file: by what is in it, not by its name."""

import pytest

from tasks.collecting.sniff import HEAD_BYTES, sniff


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\xff\xd8\xff\xe1Exif", "a.png", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0", "a.jpg", "image/png"),
        (b"GIF89a", "a", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a.jpg", "image/webp"),
        (b"RIFF\x10\0\0\0what", "a.jpg", "application/octet-stream"),
        (b"\0\0\0\x20ftypavif", "a.jpg", "image/avif"),
        (b"\0\0\0\x20ftypheic", "a.jpg", "image/heic"),
        (b"\0\0\0\x20ftypisom", "a.jpg", "video/mp4"),
        (b"II*\0\x08\0", "a.jpg", "image/tiff"),
        (b"%PDF-1.7", "a.jpg", "application/pdf"),
        (b"PK\x03\x04", "a.jpg", "application/zip"),
        (b"<!DOCTYPE html><p>", "a.jpg", "text/html"),
        (b"\xef\xbb\xbf \n<!-- x --><HTML lang=en>", "a.jpg", "text/html"),
        (b"<script>alert(1)</script>", "a.jpg", "text/html"),
        (b'<?xml version="1.0"?><html xmlns="x">', "a.jpg", "text/html"),
        ("<html>".encode("utf-16"), "a.jpg", "text/html"),
        (b'<svg xmlns="x">', "a.jpg", "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg>', "a.png", "image/svg+xml"),
        (b'<?xml version="1.0"?><gpx>', "a.gpx", "application/xml"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        (b"a,b\n1,2\n", "a.jpg", "text/plain"),
        (b"plain", "a.html", "text/plain"),
        (b"plain", "a.svg", "text/plain"),
        (b"caf\xe9", "a.txt", "application/octet-stream"),
        (b"\0\1\2\3", "a.txt", "application/octet-stream"),
        (b"", "a.jpg", "application/octet-stream"),
        (b"x" * (HEAD_BYTES - 1) + "é".encode()[:1], "a.txt", "text/plain"),
        (b"x\xff" + b"y" * (HEAD_BYTES - 2), "a.txt", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, name: str, kind: str) -> None:
    assert sniff(head, name=name) == kind

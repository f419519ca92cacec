from collections.abc import Iterator

import pytest

from tests.support.stores import S3Server, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A server of S3 on loopback."""
    with s3_server() as running:
        yield running

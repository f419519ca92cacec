"""Files that the cluster writes straight to a bucket."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tasks.archive import stored
from tests.support.exporting import exported
from tests.support.pages import Paged, a_table
from tests.support.sources import Sources, csv_of
from tests.support.stores import KeptInBucket, s3_server

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bucket(settings: Settings) -> Iterator[KeptInBucket]:
    with s3_server() as server:
        kept = server.bucket()
        settings.STORE_URL, settings.S3_ENDPOINT_URL = kept.url, server.url
        stored.store.cache_clear()
        yield kept
    stored.store.cache_clear()


def test_nothing_but_the_file_is_left_in_the_bucket(
    bucket: KeptInBucket, sources: Sources
) -> None:
    url = Paged(a_table(60)).serve(sources)

    body, artifact = exported(
        url, paging={"size": 20}, page_limit=9, sort=["-id"], compute="cluster"
    )

    rows = [(n, f"row {n}") for n in reversed(range(60))]
    assert body == csv_of([("id", "name"), *rows])
    digest = artifact.digest
    assert bucket.files() == [f"{digest[:2]}/{digest[2:4]}/{digest}"]
    assert bucket.uploads() == []

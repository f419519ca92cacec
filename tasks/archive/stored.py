"""The store that this service's settings name."""

from functools import cache

from django.conf import settings

from tasks.archive.store import Store, open_store


@cache
def store() -> Store:
    return open_store(
        settings.STORE_URL,
        endpoint_url=settings.S3_ENDPOINT_URL,
        public_url=settings.S3_PUBLIC_URL,
        region=settings.S3_REGION,
    )

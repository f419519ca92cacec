"""An S3 store that refuses, or takes in and never answers: the work waits for it."""

from time import sleep
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from tests.faults.test_disk import files
from tests.faults.trial import Trial
from tests.support.live import Live
from tests.support.proxy import Proxy
from tests.support.stores import CREDENTIALS, s3_server

pytestmark = [pytest.mark.live, pytest.mark.faults]

AWAY_S = 6.0


@pytest.mark.parametrize("cut", ["refuse", "swallow"])
def test_a_bucket_that_is_away_makes_work_wait(
    live: Live, settings: Settings, cut: str
) -> None:
    trial = Trial(f"store: an S3 bucket behind a cut line ({cut}) for 6 s", live)
    with s3_server() as server:
        bucket = server.bucket()
        port = urlsplit(server.url).port
        assert port
        with Proxy(port) as line:
            live.environment |= {
                "STORE_URL": bucket.url,
                "S3_ENDPOINT_URL": f"http://127.0.0.1:{line.port}",
                **CREDENTIALS,
            }
            live.start(workers=2)
            files(trial, live, 3)
            trial.under_way()

            getattr(line, cut)()
            sleep(AWAY_S)
            line.mend()

            trial.healed()
            settings.S3_ENDPOINT_URL = server.url
            with live.stored_in(bucket.url):
                trial.settle()
            for work in live.works:
                work.stop()

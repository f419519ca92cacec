"""The public client library of contract 002 against a live service, unchanged."""

import pytest
from arcticsecurity.sharing_api import errors
from arcticsecurity.sharing_api.sharing_api import Query, Sync

from exports.models import Share
from tests.support.sharing import NOBODYS, Partner, a_key, a_share, some_events
from tests.support.web import Web

pytestmark = pytest.mark.live


def shared(alice: Partner, name: str, count: int, **more: str) -> Share:
    share = a_share(name)
    assert alice.append(share, some_events(count, **more)).status_code == 201
    return share


def test_a_query_downloads_all_events_page_by_page(alice: Partner) -> None:
    share = shared(alice, "pages", 25)

    query = Query(alice.url(share), allow_insecure=True)
    events = list(query.query(pagesize=10))

    assert [one["n"] for one in events] == [str(n) for n in range(25)]
    assert len({one["uuid"] for one in events}) == 25
    assert all(one["insertion time"] for one in events)


def test_a_query_with_a_filter_and_a_projection_is_answered(alice: Partner) -> None:
    share = shared(alice, "narrow", 12, cc="FI")

    query = Query(alice.url(share), allow_insecure=True)
    events = list(
        query.query(filter="cc = FI and no n = 3", projection=["n"], reverse=True)
    )

    wanted = [{"n": str(n)} for n in reversed(range(12)) if n != 3]
    assert events == wanted


def test_a_sync_goes_on_where_it_ended(alice: Partner) -> None:
    share = shared(alice, "sync", 5)
    sync = Sync(alice.url(share), start=-3600, allow_insecure=True)

    first = sync.read(pagesize=3)
    second = sync.read(token=first.token, pagesize=3)
    nothing = sync.read(token=second.token)
    alice.append(share, [{"n": "late"}])
    last = sync.read(token=nothing.token)

    seen = [
        [one["n"] for one in read.events] for read in (first, second, nothing, last)
    ]
    assert seen == [["0", "1", "2"], ["3", "4"], [], ["late"]]
    assert [read.has_more for read in (first, second, nothing, last)] == [
        *(True, False, False, False)
    ]


def test_a_count_is_told(alice: Partner) -> None:
    share = shared(alice, "counted", 7, cc="FI")
    url = alice.url(share).replace("?", "/count?")

    client = Query(url, allow_insecure=True).api_client
    counts = [
        client.async_query().json(),
        client.async_query({"filter": "n = 3"}).json(),
        client.async_query({"limit": 5}).json(),
    ]

    assert counts == [{"count": 7}, {"count": 1}, {"count": 5}]


def test_a_bad_filter_is_an_error_of_configuration(alice: Partner) -> None:
    query = Query(alice.url(a_share("bad")), allow_insecure=True)

    with pytest.raises(errors.ConfigError, match="Invalid filter") as refused:
        list(query.query(filter="cc ="))

    assert "rejected the query inputs" in str(refused.value)


def test_a_bad_token_is_known_by_its_name(alice: Partner) -> None:
    sync = Sync(alice.url(a_share("token")), allow_insecure=True)

    with pytest.raises(errors.InvalidTokenError, match="foo"):
        sync.read(token="foo")


@pytest.mark.parametrize("key", ["nonsense", "of nobody", "of bob"])
def test_a_key_that_is_no_good_is_an_error_of_authorisation(
    service: Web, alice: Partner, key: str
) -> None:
    share = a_share("theirs")
    keys = {"of nobody": a_key("nobody", "export"), "of bob": a_key("bob")}
    stranger = Partner(service, key=keys.get(key, key))

    with pytest.raises(errors.AuthError):
        list(Query(stranger.url(share), allow_insecure=True).query())


def test_an_unknown_share_is_an_error_of_configuration(alice: Partner) -> None:
    url = alice.url(a_share("known"))
    unknown = url.replace(str(Share.objects.latest("created_at").pk), NOBODYS)

    with pytest.raises(errors.ConfigError, match="404"):
        list(Query(unknown, allow_insecure=True).query())

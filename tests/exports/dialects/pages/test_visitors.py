"""Who may use the export page, and what one visitor sees of another: nothing."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from exports import services
from exports.models import ExportTask, SavedConfiguration
from exports.request import Configuration, Input
from tests.support.export_page import PAGE, file_of, sends, signed_in, starts, wanted
from tests.support.exporting import run_exports
from tests.support.reading_pages import read
from tests.support.sources import Sources

NOBODYS = "task_" + "0" * 32

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_visitors_at_once_get_each_their_own(sources: Sources) -> None:
    one, two = Client(), Client()
    url = sources.put("/a.csv", b"a,b\n1,2\n")

    first = starts(one, url, select=["a"], file_name="one")
    second = starts(two, url, select=["b"], file_name="two")
    run_exports()

    assert file_of(one, first) == (b"a\n1\n", 'attachment; filename="one.csv"')
    assert file_of(two, second) == (b"b\n2\n", 'attachment; filename="two.csv"')


def test_a_visitor_sees_nothing_of_anothers_export(sources: Sources) -> None:
    one, two, staff = Client(), Client(), signed_in()
    task = starts(one, sources.put("/a.csv", b"a\n1\n"))
    run_exports()

    for other in (two, staff):
        for method in ("GET", "DELETE"):
            assert sends(other, method, f"/{task}").status == 404
            assert sends(other, method, f"/{NOBODYS}") == sends(
                other, method, f"/{task}"
            )
        assert read(other, f"{PAGE}/{task}/file").status == 404
    assert sends(one, "GET", f"/{task}").status == 200


def test_what_is_saved_for_api_callers_stays_as_it_is(sources: Sources) -> None:
    everybody = services.anonymous()
    saved = Configuration(file_type="json", source_url="http://a.example/")
    services.configure(client=everybody, configuration=saved)
    services.save_inputs(client=everybody, inputs=[Input(name="kept")])

    starts(Client(), sources.put("/a.csv", b"a\n1\n"), {"name": "b", "column": 0})

    assert SavedConfiguration.objects.get().body["file_type"] == "json"
    assert [one.name for one in services.list_inputs(client=everybody)] == ["kept"]


@pytest.fixture
def _shut(settings: Settings) -> None:
    settings.EXPORT_OPEN = False


@pytest.mark.usefixtures("_shut")
def test_where_it_is_not_open_a_visitor_is_led_to_sign_in(sources: Sources) -> None:
    reply = Client().get(PAGE)

    assert reply.status_code == 302
    assert reply.headers["Location"] == "/admin/login/?next=/export/new"
    for method, path in (
        *(("POST", "/preview"), ("POST", "/start")),
        *(("GET", f"/{NOBODYS}"), ("DELETE", f"/{NOBODYS}")),
    ):
        told = sends(Client(), method, path, wanted(sources.url("/a.csv")))
        assert told.status == 403
        assert "not signed in" in told.wrong[0][1]
    assert not sources.seen
    assert not ExportTask.objects.exists()


@pytest.mark.usefixtures("_shut")
def test_only_staff_may_where_it_is_not_open(sources: Sources) -> None:
    url = sources.put("/a.csv", b"a\n1\n")

    member = signed_in("member", is_staff=False)
    assert sends(member, "POST", "/start", wanted(url)).status == 403
    staff = signed_in("ada")
    assert staff.get(PAGE).status_code == 200
    task = starts(staff, url)

    assert ExportTask.objects.get(pk=task).client.name == "staff:ada"


def test_a_revoked_client_is_shut_out(sources: Sources) -> None:
    everybody = services.anonymous()
    everybody.revoked_at = timezone.now()
    everybody.save()

    assert Client().get(PAGE).status_code == 302
    told = sends(Client(), "POST", "/start", wanted(sources.url("/a.csv")))
    assert told.status == 403


def test_nothing_is_done_without_the_pages_own_token(sources: Sources) -> None:
    url = sources.put("/a.csv", b"a\n1\n")
    careful = Client(enforce_csrf_checks=True)
    page = careful.get(PAGE)
    token = page.context["csrf_token"]

    for method, path in (
        *(("POST", "/preview"), ("POST", "/start")),
        ("DELETE", f"/{NOBODYS}"),
    ):
        assert sends(careful, method, path, wanted(url)).status == 403
    assert not ExportTask.objects.exists()
    with_it = {"headers": {"X-CSRFToken": str(token)}}
    assert sends(careful, "POST", "/preview", wanted(url), **with_it).status == 200
    assert sends(careful, "POST", "/start", wanted(url), **with_it).status == 201


def test_the_page_takes_an_address_to_begin_with() -> None:
    page = read(Client(), f"{PAGE}?url=https%3A%2F%2Fa.example%2F%22%3E%3Cb%3E")

    assert page.status == 200
    assert 'value="https://a.example/&quot;&gt;&lt;b&gt;"' in page.source

"""Clients, and the identities they come by."""

import pytest
from django.db import IntegrityError, transaction

from tasks import services
from tasks.models import Client, Identity, Job
from tests.support.jobs import a_job
from tests.support.threads import at_once

JWT = Identity.Scheme.JWT
OIDC = Identity.Scheme.OIDC


@pytest.mark.django_db
def test_the_first_visit_of_an_identity_makes_a_client() -> None:
    client = services.client_of(JWT, "u1")

    assert client.name == "jwt:u1"
    assert services.client_of(JWT, "u1") == client
    assert Client.objects.count() == 1


@pytest.mark.django_db
def test_the_same_subject_of_another_scheme_is_another_client() -> None:
    assert services.client_of(JWT, "u1") != services.client_of(OIDC, "u1")


@pytest.mark.django_db
def test_an_identity_given_to_a_client_is_that_client() -> None:
    alice = services.create_client(name="alice")
    Identity.objects.create(client=alice, scheme=OIDC, subject="https://id/ u7")

    assert services.client_of(OIDC, "https://id/ u7") == alice


@pytest.mark.django_db
def test_two_long_subjects_that_begin_alike_are_two_clients() -> None:
    long = "https://id.example/" + "x" * 300

    first = services.client_of(OIDC, long + "1")
    second = services.client_of(OIDC, long + "2")

    assert first != second
    assert max(len(first.name), len(second.name)) <= 200
    assert services.client_of(OIDC, long + "1") == first


@pytest.mark.django_db(transaction=True)
def test_of_many_first_visits_at_once_comes_one_client() -> None:
    clients = at_once(6, lambda: services.client_of(JWT, "u1").pk)

    assert len(set(clients)) == 1
    assert Client.objects.count() == 1


@pytest.mark.django_db
def test_an_identity_belongs_to_one_client() -> None:
    services.client_of(JWT, "u1")
    other = services.create_client(name="other")

    with pytest.raises(IntegrityError), transaction.atomic():
        Identity.objects.create(client=other, scheme=JWT, subject="u1")


@pytest.mark.django_db
def test_a_client_sees_its_own_jobs_only() -> None:
    job = a_job()
    bob = services.create_client(name="bob")

    assert list(Job.objects.all().for_client(job.client)) == [job]
    assert not Job.objects.all().for_client(bob).exists()


@pytest.mark.django_db
def test_a_client_with_jobs_is_not_deleted_by_mistake() -> None:
    job = a_job()

    with pytest.raises(IntegrityError):
        job.client.delete()

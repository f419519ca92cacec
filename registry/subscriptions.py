"""Who is told of ended revisions: subscribing, new secrets, being left alone."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from registry import signing
from registry.errors import NotOfOwner
from registry.models import Dataset, Subscription
from tasks.outbound.addresses import vet_target
from tasks.outbound.urls import parse

# How long a receiver has to learn its new secret: both sign until then.
OLD_SECRET_GOOD_FOR = timedelta(days=1)


@transaction.atomic
def subscribe(
    *,
    owner: str,
    url: str,
    dataset: Dataset | None = None,
    only_failures: bool = False,
) -> tuple[Subscription, str]:
    """Have the events of an owner, or of one dataset, posted to `url`.

    The secret is returned here and never again.

    Raises:
        NotOfOwner: the dataset is somebody else's.
        OutboundError: nothing may be sent to that address, whatever it resolves to.
    """
    check_subscription(owner=owner, url=url, dataset=dataset)
    secret = signing.new_secret()
    made = Subscription.objects.create(
        owner=owner,
        dataset=dataset,
        url=url,
        only_failures=only_failures,
        secret=secret,
    )
    return made, secret


def check_subscription(*, owner: str, url: str, dataset: Dataset | None) -> None:
    """Raise what is wrong with a subscription before it is saved."""
    if dataset is not None and dataset.owner != owner:
        raise NotOfOwner(f"{dataset} is not a dataset of {owner}.")
    vet_target(parse(url), settings.OUTBOUND)


@transaction.atomic
def rotate_secret(*, subscription: Subscription, at: datetime) -> str:
    """Return a new secret; what is sent is signed with the old one too, for a day."""
    rows = Subscription.objects.select_for_update(no_key=True)
    current = rows.get(pk=subscription.pk)
    current.old_secret = current.secret
    current.old_secret_until = at + OLD_SECRET_GOOD_FOR
    current.secret = signing.new_secret()
    current.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return current.secret


@transaction.atomic
def disable(*, subscription: Subscription, at: datetime) -> None:
    """Send nothing more; what is on its way fails at its next try."""
    current = Subscription.objects.enabled().filter(pk=subscription.pk)
    current.update(disabled_at=at)


@transaction.atomic
def enable(*, subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(disabled_at=None)

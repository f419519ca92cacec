"""Share a table of a data set (contract 002)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from exports.asking import MOST_EVENTS
from exports.models import ShareKind
from exports.sharing import Terms
from exports.tables.errors import BadRule
from registry import publications
from registry.errors import NotPublishable
from registry.models import Dataset
from tasks.models import Client

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = "Share a table of OWNER/DATASET; the share's id is printed on stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="OWNER/DATASET")
        parser.add_argument("--resource", help="The table, if there are several.")
        parser.add_argument("--kind", choices=ShareKind.values, default="api")
        parser.add_argument(
            "--client",
            action="append",
            default=[],
            metavar="NAME",
            help="Who may read it, besides the owner; may be given several times.",
        )
        parser.add_argument("--time-key", help="The column with each row's own time.")
        parser.add_argument("--keys", help="The columns that are shown, with commas.")
        parser.add_argument(
            "--filter", default="", metavar="RULE", help="What all shown rows obey."
        )
        parser.add_argument("--row-limit", type=int, metavar="N")
        parser.add_argument("--start", type=_moment, help="Nothing older is shown.")
        parser.add_argument("--end", type=_moment, help="Nor what is as new as this.")
        parser.add_argument("--expires", type=int, metavar="DAYS")

    def handle(self, *, dataset: str, resource: str | None, **options: Any) -> None:
        found = _dataset(dataset)
        try:
            share = publications.publish(
                dataset=found,
                resource=resource or _only_table(found),
                time_key=options["time_key"],
                clients=[_client(name) for name in options["client"]],
                terms=_terms(options),
            )
        except NotPublishable as error:
            raise CommandError(str(error)) from None
        except BadRule as error:
            raise CommandError(f"--filter: {error}") from None
        self.stderr.write(f"{share.stream} can be read at /shares/v2/{share}.")
        self.stdout.write(str(share))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _dataset(name: str) -> Dataset:
    owner, _, rest = name.partition("/")
    found = Dataset.objects.of_owner(owner).filter(name=rest).first()
    if found is None:
        raise CommandError(f"There is no data set {name!r}.")
    return found


def _only_table(dataset: Dataset) -> str:
    tables = publications.tables_of(dataset.revisions.named("successful").first())
    if len(tables) != 1:
        told = ", ".join(tables) or "none in a successful revision"
        raise CommandError(f"--resource must be one of its tables: {told}.")
    return tables[0]


def _client(name: str) -> Client:
    found = Client.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no client {name!r}: see create_client.")
    return found


def _terms(options: dict[str, Any]) -> Terms:
    limit, days = options["row_limit"], options["expires"]
    if limit is not None and not 1 <= limit <= MOST_EVENTS:
        raise CommandError(f"--row-limit must be 1 to {MOST_EVENTS}.")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise CommandError(f"--expires must be 1 to {MOST_DAYS} days.")
    keys = [key for key in (options["keys"] or "").split(",") if key]
    return Terms(
        kind=ShareKind(options["kind"]),
        keys=keys,
        filter=options["filter"],
        row_limit=limit,
        window_start=options["start"],
        window_end=options["end"],
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )

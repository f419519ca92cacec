"""What the admin's pages share: rows that only the service writes, and their jobs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tasks import services
from tasks.errors import EntrepotError, JobMoved
from tasks.many_rows import ManyRowsAdmin
from tasks.models import JobEvent
from tasks.related import link_to, page_of
from tasks.states import FINAL

MOST_AT_ONCE = 1_000  # rows that one action moves
MOST_TOLD = 10  # of those that it could not move


class ReadOnlyAdmin(ManyRowsAdmin):
    """Rows that only the service itself writes.

    `live_every_s` has their pages keep up while somebody looks.
    """

    change_form_template = "admin/row.html"
    live_every_s = 0.0

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["live_every_s"] = self.live_every_s
        return super().render_change_form(request, context, *args, **kwargs)


class ActingAdmin(admin.ModelAdmin[Any]):
    """Pages with a button for each action that makes sense for the row shown.

    `buttons` are the labels of actions by their names, `offered` those of one row.
    """

    buttons: Mapping[str, str] = {}

    def offered(self, row: Any) -> Iterable[str]:
        return self.buttons

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        allowed = self.get_actions(request)
        offered = self.offered(row) if row else ()
        context["acts"] = [
            (name, self.buttons[name]) for name in offered if name in allowed
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *where: Any
    ) -> HttpResponse | None:
        """Do as the list does, but lead back to the page whose button it was."""
        reply = super().response_action(request, queryset, *where)
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if "back" not in request.POST or len(chosen) != 1:
            return reply
        row = self.get_object(request, chosen[0])
        return HttpResponseRedirect(page_of(row)) if row else reply

    def each(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        act: Callable[[Any], object],
        done: str,
        *,
        errors: tuple[type[Exception], ...] = (EntrepotError,),
    ) -> None:
        """Do something to each row, and say what was done and what could not be."""
        moved, left = 0, []
        chosen = list(rows[: MOST_AT_ONCE + 1])
        for row in chosen[:MOST_AT_ONCE]:
            try:
                act(row)
            except errors as error:
                why = str(error).removesuffix(".")
                left.append(f"Not done: {row}: {why}.")
            else:
                moved += 1
        if len(chosen) > MOST_AT_ONCE:
            left.append(f"Not done: more than {MOST_AT_ONCE:,} at once.")
        if moved:
            self.message_user(request, f"{done}: {moved}.", messages.SUCCESS)
        if (rest := len(left) - MOST_TOLD) > 0:
            left[MOST_TOLD:] = [f"Not done: {rest} more, for reasons like these."]
        for told in left:
            self.message_user(request, told, messages.WARNING)


class OperatedAdmin(ActingAdmin, ReadOnlyAdmin):
    """Rows whose jobs who may change jobs can stop and start."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.change_job")


class OfJobAdmin(OperatedAdmin):
    """Rows that stand for one job each."""

    live_every_s = 2.0
    buttons = {"cancel_jobs": "Cancel"}

    def offered(self, row: Any) -> Iterable[str]:
        over = row.job.state in FINAL
        return [name for name in self.buttons if over == (name != "cancel_jobs")]

    @admin.action(description="Cancel the selected ones", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.each(request, rows, _cancel_job_of, "Asked to stop")

    @admin.display(description="State")
    def state(self, row: Any) -> SafeString:
        return state_shown(row.job, ends=row.job.state in FINAL)

    @admin.display(description="Error")
    def error(self, row: Any) -> str:
        return str(row.job.error)

    @admin.display(description="Job, with its log")
    def job_link(self, row: Any) -> SafeString | str:
        return link_to(row.job)


def state_shown(row: Any, *, ends: bool = False) -> SafeString:
    """Show a state with its colour; `ends` stops a page that keeps up with it."""
    return format_html(
        '<span class="state is-{}"{}>{}</span>',
        row.state,
        SafeString(" data-live-ends") if ends else "",
        row.get_state_display(),
    )


def claims() -> Subquery:
    """Count how often a row's job was claimed; only for the rows that are shown."""
    of_job = JobEvent.objects.filter(job=OuterRef("job_id"), kind=JobEvent.Kind.CLAIMED)
    counted = of_job.order_by().values("job").annotate(count=Count("pk"))
    return Subquery(counted.values("count"))


def _cancel_job_of(row: Any) -> None:
    if row.job is None:
        raise EntrepotError("it has no job")
    try:
        services.cancel(row.job)
    except JobMoved:
        raise EntrepotError("it has ended") from None

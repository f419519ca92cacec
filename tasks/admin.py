"""What staff see of the work: jobs, clients, keys, tasks, files, hosts."""

from django.contrib import admin
from django.utils.safestring import SafeString

from tasks import client_admin as client_admin
from tasks import job_admin as job_admin
from tasks import task_admin as task_admin
from tasks.engine import doorbell
from tasks.models import Artifact, WorkerHost
from tasks.operated_admin import ReadOnlyAdmin
from tasks.related import links_to_all_of

# Whoever may add a schedule there could run any function of this process.
doorbell.hide_from_admin()


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    list_display = ("name", "size_bytes", "rows", "media_type", "created_at", "digest")
    search_fields = ("^digest", "=job")
    ordering = ("-pk",)
    keyset = "pk"
    fields = (
        *("name", "media_type", "size_bytes", "rows", "digest", "job", "links"),
        *("created_at", "expires_at", "receipt"),
    )

    @admin.display(description="Shown by")
    def links(self, artifact: Artifact) -> SafeString:
        return links_to_all_of(artifact)


@admin.register(WorkerHost)
class WorkerHostAdmin(ReadOnlyAdmin):
    list_display = ("owner", "workers", "started_at", "seen_at")
    ordering = ("-seen_at",)

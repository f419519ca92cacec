"""The rows of the work floor."""

from tasks.models.artifact import Artifact
from tasks.models.client import ApiKey, Client, Identity
from tasks.models.idempotency import KeptReply
from tasks.models.job import Job, JobEvent, Lane, WorkerHost, has_due_job
from tasks.models.pace import Pace
from tasks.models.segment import Segment
from tasks.models.task import (
    Asset,
    AssetState,
    OnFailure,
    Page,
    Phase,
    ResultType,
    Task,
)

__all__ = [
    "ApiKey",
    "Artifact",
    "Asset",
    "AssetState",
    "Client",
    "Identity",
    "Job",
    "JobEvent",
    "KeptReply",
    "Lane",
    "OnFailure",
    "Pace",
    "Page",
    "Phase",
    "ResultType",
    "Segment",
    "Task",
    "WorkerHost",
    "has_due_job",
]

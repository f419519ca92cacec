"""The rows of the work floor."""

from tasks.models.artifact import Artifact
from tasks.models.client import ApiKey, Client, Identity
from tasks.models.idempotency import KeptReply
from tasks.models.job import Job, JobEvent, Lane, WorkerHost, has_due_job
from tasks.models.pace import Pace
from tasks.models.segment import Segment

__all__ = [
    "ApiKey",
    "Artifact",
    "Client",
    "Identity",
    "Job",
    "JobEvent",
    "KeptReply",
    "Lane",
    "Pace",
    "Segment",
    "WorkerHost",
    "has_due_job",
]

"""The rows of the work floor."""

from tasks.models.artifact import Artifact
from tasks.models.client import ApiKey, Client, Identity
from tasks.models.job import Job, JobEvent, Lane, WorkerHost, has_due_job

__all__ = [
    "ApiKey",
    "Artifact",
    "Client",
    "Identity",
    "Job",
    "JobEvent",
    "Lane",
    "WorkerHost",
    "has_due_job",
]

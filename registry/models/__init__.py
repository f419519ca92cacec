"""The rows of the registry."""

from registry.models.comparison import Comparison
from registry.models.dataset import Dataset, Revision, RevisionQuerySet, Runner
from registry.models.event import Event, EventDelivery, Subscription
from registry.models.pipeline import Output, Pipeline

__all__ = [
    "Comparison",
    "Dataset",
    "Event",
    "EventDelivery",
    "Output",
    "Pipeline",
    "Revision",
    "RevisionQuerySet",
    "Runner",
    "Subscription",
]

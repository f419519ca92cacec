"""The rows of the registry."""

from registry.models.dataset import Dataset, Revision
from registry.models.event import Event, EventDelivery, Subscription
from registry.models.pipeline import Output, Pipeline

__all__ = [
    "Dataset",
    "Event",
    "EventDelivery",
    "Output",
    "Pipeline",
    "Revision",
    "Subscription",
]

"""The handlers of the jobs of exports."""

from exports.jobs.deliver import run_delivery as run_delivery
from exports.jobs.export import run_export as run_export

"""The handlers of the jobs of exports."""

from exports.jobs.compact import run_compact as run_compact
from exports.jobs.deliver import run_delivery as run_delivery
from exports.jobs.export import run_export as run_export
from exports.jobs.part import run_part as run_part
from exports.jobs.share_query import run_share_query as run_share_query

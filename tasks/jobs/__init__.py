"""The handlers of the jobs of tasks."""

from tasks.jobs.check import run_check as run_check
from tasks.jobs.collect import run_collect as run_collect
from tasks.jobs.process import run_process as run_process

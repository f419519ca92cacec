"""Is this deployment sound: one check for each thing that has gone wrong somewhere."""

from tasks.doctor.checks import CHECKS as CHECKS
from tasks.doctor.findings import Finding as Finding
from tasks.doctor.findings import State as State
from tasks.doctor.findings import examine as examine

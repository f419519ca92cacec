"""The job that fetches pages, on hosts that kill their workers as a plan says."""

from tests.support.crash import arm as arm
from tests.support.pages import fetch_each as fetch_each

"""The hub: who waits for a job holds no thread, and is woken when it changes."""

from tasks.engine.hub.errors import Closing as Closing
from tasks.engine.hub.errors import JobGone as JobGone
from tasks.engine.hub.errors import TooManyWaits as TooManyWaits
from tasks.engine.hub.hub import Hub as Hub
from tasks.engine.hub.hub import Watch as Watch
from tasks.engine.hub.hub import hub as hub

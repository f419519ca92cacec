"""The guarded way out: every byte fetched or posted goes through `stream`."""

from tasks.outbound.errors import BadReply as BadReply
from tasks.outbound.errors import BadStatus as BadStatus
from tasks.outbound.errors import BadUrl as BadUrl
from tasks.outbound.errors import Blocked as Blocked
from tasks.outbound.errors import OutboundError as OutboundError
from tasks.outbound.errors import TimedOut as TimedOut
from tasks.outbound.errors import TooBig as TooBig
from tasks.outbound.errors import Truncated as Truncated
from tasks.outbound.errors import Unreachable as Unreachable
from tasks.outbound.fetch import stream as stream
from tasks.outbound.policy import Policy as Policy
from tasks.outbound.policy import parse_policy as parse_policy
from tasks.outbound.reply import Hop as Hop
from tasks.outbound.reply import Reply as Reply

"""How often the doorbell was rung and not yet answered."""

from django_q.brokers import get_broker


def rings() -> int:
    count: int = get_broker().queue_size()
    return count

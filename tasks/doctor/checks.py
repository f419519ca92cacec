"""All checks, in the order in which they are made and shown."""

from tasks.doctor import configuration, database, machine, neighbours, work
from tasks.doctor.findings import Check

CHECKS: dict[str, Check] = {
    "settings": configuration.settings_are_for_production,
    "hosts": configuration.hosts_are_named,
    "tokens": configuration.keys_can_be_read,
    "macaroons": configuration.macaroons_are_signed,
    "database": database.answers,
    "migrations": database.is_migrated,
    "clock": database.clocks_agree,
    "notifications": database.is_heard,
    "redis": neighbours.redis_rings,
    "store": neighbours.store_keeps_a_file,
    "links": neighbours.links_lead_to_the_store,
    "outbound": neighbours.inside_is_closed,
    "oidc": neighbours.provider_answers,
    "disk": machine.disk_has_room,
    "descriptors": machine.descriptors_suffice,
    "workers": work.workers_are_seen,
    "doorbell": work.job_is_done,
}

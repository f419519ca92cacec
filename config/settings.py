"""Settings, read from the environment; the README lists every name."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from config.environment import (
    env_bool,
    env_int,
    env_list,
    env_number,
    env_pem,
    env_str,
    secret_key,
)
from exports.sources.named import parse_databases
from tasks.archive.sendfile import parse_sendfile
from tasks.oidc.options import parse_issuer, parse_staff_claim
from tasks.outbound.policy import parse_policy

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var"))).resolve()

# Lets ModelAdmin and its like be subscripted with their model.
django_stubs_ext.monkeypatch()

# Core
DEBUG = env_bool("DEBUG")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
SECRET_KEY = secret_key(VAR_DIR, may_make=not env_list("ALLOWED_HOSTS"))
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # The contracts' paths are exact.
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "config.formats"  # else the language's own formats are used
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "tasks.dashboard.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_prometheus",
    "django_q",
    "drf_spectacular_sidecar",
    "rest_framework",
    "tasks",
    "exports",
    "registry",
]
MIDDLEWARE = [
    "config.access.name_route",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.csp.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.errors.StoreMayBeDown",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tasks.oidc.context.sign_in",
            ]
        },
    }
]
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
# The dialects whose `openapi.py` is a part of /openapi.json, as people read them.
API_DIALECTS = [
    "registry.dialects.specstore",
    "registry.dialects.datasets",
    "registry.dialects.history",
    "exports.dialects.fetchtozip",
    "exports.dialects.databox",
    "exports.dialects.sharing",
    "tasks.dialects.common",
    "tasks.dialects.jobs",
]


# Database: SQLite in a file of ours, or whatever DATABASE_URL names.
def _database() -> dict[str, Any]:
    default = f"sqlite:///{VAR_DIR / 'entrepot.sqlite3'}"
    try:
        database = dict(dj_database_url.parse(env_str("DATABASE_URL", default)))
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from None
    if database["ENGINE"] == "django.db.backends.sqlite3":
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        database["CONN_MAX_AGE"] = None
        database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
        database["OPTIONS"] = {
            # A reader that turns writer cannot wait its turn in SQLite, so every
            # transaction asks for the write lock when it begins.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        database["CONN_MAX_AGE"] = 60
        database["CONN_HEALTH_CHECKS"] = True
        # A pooler in transaction mode changes the server between two fetches.
        database["DISABLE_SERVER_SIDE_CURSORS"] = bool(LISTEN_DATABASE_URL)
    return database


# The server itself, where DATABASE_URL names a pooler in transaction mode.
LISTEN_DATABASE_URL = env_str("LISTEN_DATABASE_URL")
if LISTEN_DATABASE_URL and not LISTEN_DATABASE_URL.startswith("postgres"):
    raise ImproperlyConfigured("LISTEN_DATABASE_URL must be a postgres:// URL.")
DATABASES = {"default": _database()}

# The doorbell: django-q2 says "there may be work", and carries no data.
REDIS_URL = env_str("REDIS_URL")
WORKERS = env_int("WORKERS", 2)
Q_CLUSTER: dict[str, Any] = {
    "name": "entrepot",
    "workers": WORKERS,
    "poll": 0.03,
    "queue_limit": 1,
    "bulk": 1,
    "save_limit": -1,
    "max_attempts": 1,
    "ack_failures": True,
    "timeout": 60,
    "retry": 240,
    "guard_cycle": 0.2,
    "catch_up": False,
    "scheduler": False,
    "label": "Doorbell",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# The engine: what runs which kind of job, and who is told when one moves.
JOB_HANDLERS: dict[str, str] = {
    "registry.pipeline": "registry.jobs.run_pipeline",
    "registry.event": "registry.jobs.deliver_event",
    "registry.incident": "registry.jobs.report_incident",
    "registry.diff": "registry.jobs.compare_tables",
    "registry.refresh": "registry.jobs.refresh_runner",
    "registry.publish": "registry.jobs.publish_revision",
    "exports.export": "exports.jobs.run_export",
    "exports.part": "exports.jobs.run_part",
    "exports.delivery": "exports.jobs.run_delivery",
    "exports.share_query": "exports.jobs.run_share_query",
    "exports.compact": "exports.jobs.run_compact",
    "tasks.check": "tasks.jobs.run_check",
    "tasks.collect": "tasks.jobs.run_collect",
    "tasks.process": "tasks.jobs.run_process",
}
JOB_FOLLOWERS: dict[str, str] = {
    "registry.pipeline": "registry.follow.pipeline_moved",
    "exports.export": "exports.follow.export_moved",
    "exports.part": "exports.parts.part_moved",
    "exports.delivery": "exports.deliveries.delivery_moved",
    "tasks.collect": "tasks.collecting.follow.collect_moved",
    "tasks.process": "tasks.collecting.follow.process_moved",
}
# The longest wait between two tries, in seconds, for kinds that have long to wait.
JOB_LONGEST_WAITS: dict[str, float] = {"registry.event": 3 * 3600.0}
# What the supervisors also look after each second; harmless in several copies.
SWEEPS: list[str] = [
    "registry.schedules.fire_due",
    "registry.callbacks.time_out_silent",
    "exports.parts.sweep",
    "tasks.collecting.sweep.start_idle",
]
# What `manage.py prune` also calls, with `at` and `dry_run`; each returns its counts.
PRUNES: list[str] = [
    "registry.retention.prune",
    "exports.deliveries.prune",
    "exports.share_queries.prune",
    "exports.compacting.prune",
    "tasks.idempotency.prune",
    "tasks.oidc.sessions.prune",
    "tasks.collecting.sweep.prune",
]
# Where a job's result is, for who looks at the job: given ids, a URL of each.
JOB_LINKS: dict[str, str] = {
    "registry.pipeline": "registry.links.revisions_of",
    "exports.export": "exports.links.files_of",
    "exports.share_query": "exports.links.results_of",
    "tasks.process": "tasks.dialects.common.links.results_of",
}
# What staff see first, and for how many seconds a process need not look again.
DASHBOARD_PANELS: dict[str, float] = {
    "tasks.dashboard.panels.now": 2.0,
    "tasks.dashboard.panels.day": 10.0,
    "tasks.dashboard.panels.month": 60.0,
    "tasks.dashboard.panels.failures": 2.0,
    "registry.panels.failed_revisions": 5.0,
    "tasks.dashboard.panels.workers": 2.0,
    "registry.panels.refreshes": 10.0,
    "tasks.dashboard.panels.durations": 10.0,
    "tasks.dashboard.panels.clients": 10.0,
    "exports.panels.deliveries": 10.0,
    "tasks.dashboard.panels.storage": 60.0,
}
# What clients may have done again; a delivery whose outcome is unknown is not here.
CLIENTS_RETRY: list[str] = [
    "registry.pipeline",
    "registry.event",
    "registry.diff",
    "registry.publish",
    "exports.export",
    "exports.share_query",
    "tasks.collect",
    "tasks.process",
]

_sharing = "exports.dialects.sharing"
_share, _index = r"(?P<share_id>[0-9a-f-]{36})", r"(?P<index>[0-9]{1,9})"
_job = r"(?P<job_id>[0-9a-f-]{36})"
# What waits, and is answered on the event loop: a method or "websocket", a pattern of
# the whole path, and the door's function.
WAITING_DOORS: list[tuple[str, str, str]] = [
    (
        "websocket",
        r"/api/export/ws/(?P<task_id>[^/]+)",
        "exports.dialects.fetchtozip.sockets.follow_task",
    ),
    (
        "websocket",
        r"/export/new/(?P<task_id>[^/]+)/follow",
        "exports.dialects.pages.sockets.follow_export",
    ),
    ("POST", "/export", "exports.dialects.databox.doors.export"),
    ("POST", "/lp/export", "exports.dialects.databox.doors.export_long_poll"),
    ("websocket", "/ws/export", "exports.dialects.databox.sockets.export_socket"),
    ("POST", f"/shares/v2/async/{_share}", f"{_sharing}.doors.submit"),
    ("POST", f"/shares/v2/async/{_share}/{_index}", f"{_sharing}.doors.submit"),
    ("POST", f"/shares/v2/async/{_share}/count", f"{_sharing}.doors.submit_count"),
    (
        "POST",
        f"/shares/v2/async/{_share}/{_index}/count",
        f"{_sharing}.doors.submit_count",
    ),
    ("GET", f"/shares/v2/async/{_share}/jobs/{_job}", f"{_sharing}.doors.status"),
    ("GET", f"/shares/v2/async/{_share}/results/{_job}", f"{_sharing}.doors.fetch"),
    ("GET", f"/shares/v2/{_share}", f"{_sharing}.direct.page"),
    ("GET", f"/shares/v2/{_share}/{_index}", f"{_sharing}.direct.page"),
    ("GET", f"/shares/v2/{_share}/count", f"{_sharing}.direct.count"),
    ("GET", f"/shares/v2/{_share}/{_index}/count", f"{_sharing}.direct.count"),
    ("GET", f"/shares/{_share}", f"{_sharing}.direct.page"),
    ("GET", f"/shares/{_share}/{_index}", f"{_sharing}.direct.page"),
    ("GET", f"/shares/{_share}/count", f"{_sharing}.direct.count"),
    ("GET", f"/shares/{_share}/{_index}/count", f"{_sharing}.direct.count"),
    ("POST", f"/shares/v2/{_share}/events", f"{_sharing}.append.append"),
    ("GET", r"/jobs/(?P<job_id>[^/]+)", "tasks.dialects.jobs.doors.job"),
    ("GET", r"/jobs/(?P<job_id>[^/]+)/events", "tasks.dialects.jobs.doors.events"),
    ("websocket", r"/ws/jobs/(?P<job_id>[^/]+)", "tasks.dialects.jobs.doors.follow"),
]
MAX_WAITS = env_int("MAX_WAITS", 2_000)
MAX_WAITS_PER_CLIENT = env_int("MAX_WAITS_PER_CLIENT", 200)
MAX_OPEN_JOBS = env_int("MAX_OPEN_JOBS", 100_000)
MAX_OPEN_JOBS_PER_CLIENT = env_int("MAX_OPEN_JOBS_PER_CLIENT", 1_000)
DISK_RESERVE_MB = env_int("DISK_RESERVE_MB", 256)
JOB_KEEP_DAYS = env_number("JOB_KEEP_DAYS", 30)
IDEMPOTENCY_KEEP_HOURS = env_number("IDEMPOTENCY_KEEP_HOURS", 24)

# The store
STORE_URL = env_str("STORE_URL", str(VAR_DIR / "store"))
STORE_PRESIGN = env_bool("STORE_PRESIGN")
S3_ENDPOINT_URL = env_str("S3_ENDPOINT_URL")
S3_PUBLIC_URL = env_str("S3_PUBLIC_URL")
S3_REGION = env_str("S3_REGION")
try:
    SENDFILE = parse_sendfile(env_str("SENDFILE"))
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None
SCRATCH_DIR = VAR_DIR / "scratch"

# What may be fetched: deny by default, loopback too when developing.
_fetch_bytes = env_int("OUTBOUND_MAX_MB", 8192) << 20
try:
    OUTBOUND = replace(
        parse_policy(
            allow_nets=env_str(
                "OUTBOUND_ALLOW_NETS", "127.0.0.0/8,[::1]/128" if DEBUG else ""
            ),
            allow_hosts=env_str("OUTBOUND_ALLOW_HOSTS"),
            deny_hosts=env_str("OUTBOUND_DENY_HOSTS"),
            ports=env_str("OUTBOUND_PORTS", "any" if DEBUG else "80,443"),
        ),
        total_timeout_s=env_number("OUTBOUND_TIMEOUT", 1800),
        max_bytes=_fetch_bytes,
        max_raw_bytes=_fetch_bytes,
    )
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None

# For what the operator named, such as an auth server: any port, but soon answered.
OUTBOUND_QUICK = replace(
    OUTBOUND,
    ports=None,
    total_timeout_s=10.0,
    max_bytes=1 << 20,
    max_raw_bytes=1 << 20,
)

# Specstore (contract 001)
AUTH_CHECK_SERVICE = env_bool("AUTH_CHECK_SERVICE", default=True)
AUTH_SERVER = env_str("AUTH_SERVER")
AUTH_PUBLIC_KEY = env_pem("AUTH_PUBLIC_KEY")
AUTH_PRIVATE_KEY = env_pem("AUTH_PRIVATE_KEY")
DPP_URL = env_str("DPP_URL")
PIPELINE_RUNNER = env_str("PIPELINE_RUNNER", "internal")
if PIPELINE_RUNNER not in {"internal", "external"}:
    raise ImproperlyConfigured("PIPELINE_RUNNER must be internal or external.")
SOURCE_UPDATE_OPEN = env_bool("SOURCE_UPDATE_OPEN", default=DEBUG)
RUNNER_SILENT_S = env_number("RUNNER_SILENT_S", 3600)
PUBLIC_URL = env_str("PUBLIC_URL").rstrip("/")
INCIDENT_URL = env_str("INCIDENT_URL")
CORS_ORIGINS = env_list("CORS_ORIGINS", "*" if DEBUG else "")
MAX_BODY_MB = env_int("MAX_BODY_MB", 16)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_MB << 20

# Exports (contract 003)
EXPORT_OPEN = env_bool("EXPORT_OPEN", default=DEBUG)  # callers need no key
EXPORT_SOURCE_URL = env_str("EXPORT_SOURCE_URL")
EXPORT_PAGE_SIZE = env_int("EXPORT_PAGE_SIZE", 100)
EXPORT_KEEP_HOURS = env_number("EXPORT_KEEP_HOURS", 168)
COMPUTE_URL = env_str("COMPUTE_URL")
if COMPUTE_URL and not COMPUTE_URL.startswith(("tcp://", "tls://")):
    raise ImproperlyConfigured("COMPUTE_URL must be tcp://host:port or tls://….")
try:
    SOURCE_DATABASES = parse_databases(env_str("SOURCE_DATABASES"))
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None

# Deliveries (contract 000)
MACAROON_SECRET = env_str("MACAROON_SECRET")
DATABOX_LOCAL_NAME = env_str("DATABOX_LOCAL_NAME", "export-service")
DELIVERY_TIMEOUT = env_number("DELIVERY_TIMEOUT", 60)
DELIVERY_KEEP_HOURS = env_number("DELIVERY_KEEP_HOURS", 24)

# Sharing (contract 002)
SHARE_KEEP_MINUTES = env_number("SHARE_KEEP_MINUTES", 10)
SHARE_LOG_DAYS = env_number("SHARE_LOG_DAYS", 7)

# Tasks (contract 004)
TASK_ATTRIBUTES = env_list("TASK_ATTRIBUTES")  # each asset must have them
TASK_ASSETS_PER_BATCH = env_int("TASK_ASSETS_PER_BATCH", 500)
TASKS_STRICT_STATUS = env_bool("TASKS_STRICT_STATUS")
TASK_PROCESSOR = env_str("TASK_PROCESSOR", "archive")
TASK_MAX_ASSETS = env_int("TASK_MAX_ASSETS", 10_000)
TASK_ASSET_MAX_MB = env_int("TASK_ASSET_MAX_MB", 8192)
TASK_IDLE_SECONDS = env_number("TASK_IDLE_SECONDS", 10)
TASK_KEEP_HOURS = env_number("TASK_KEEP_HOURS", 168)
OIDC_ISSUER = env_str("OIDC_ISSUER")
OIDC_AUDIENCE = env_str("OIDC_AUDIENCE")
OIDC_CLIENT_ID = env_str("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env_str("OIDC_CLIENT_SECRET")
try:
    OIDC_STAFF_CLAIM = parse_staff_claim(
        env_str("OIDC_STAFF_CLAIM", "groups=entrepot-staff")
    )
    OIDC_OPERATOR_CLAIM = parse_staff_claim(
        env_str("OIDC_OPERATOR_CLAIM", "groups=entrepot-operators"),
        setting="OIDC_OPERATOR_CLAIM",
    )
    OIDC_ADMINISTRATOR_CLAIM = parse_staff_claim(
        env_str("OIDC_ADMINISTRATOR_CLAIM", "groups=entrepot-administrators"),
        setting="OIDC_ADMINISTRATOR_CLAIM",
    )
    if OIDC_ISSUER:
        parse_issuer(OIDC_ISSUER, debug=DEBUG)
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None
if OIDC_ISSUER and not OIDC_AUDIENCE:
    raise ImproperlyConfigured("OIDC_AUDIENCE must be set where OIDC_ISSUER is.")

# Staff sign in at the provider where there is one, and else by password: then five
# wrong ones shut a name out, at the address they came from.
_signs_in_at_provider = bool(OIDC_ISSUER and OIDC_CLIENT_ID)
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "tasks.oidc.staff.StaffBackend"
    if _signs_in_at_provider
    else "django.contrib.auth.backends.ModelBackend",
]
AXES_ENABLED = not _signs_in_at_provider
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nobody is shut out for ever
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Security: the defaults of a production service; HTTPS_ONLY=off for plain HTTP.
_in_production = bool(env_list("ALLOWED_HOSTS")) and not DEBUG
_https = env_bool("HTTPS_ONLY", default=_in_production)
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator")
]

# Static files: served by whitenoise, from the apps themselves when developing.
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns without it
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Logs: for machines in production, for people else; uvicorn's go the same way.
LOG_FORMAT = env_str("LOG_FORMAT", "json" if _in_production else "lines")
if LOG_FORMAT not in {"json", "lines"}:
    raise ImproperlyConfigured("LOG_FORMAT must be json or lines.")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {"()": "config.logs.LineFormatter"},
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "filters": {"faults": {"()": "config.logs.Faults"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}
    },
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {
        "botocore": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},
        "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
        # It quotes query strings; config.access has a line for each request.
        "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "django": {"handlers": [], "level": "INFO"},
        "django.request": {"level": "ERROR", "filters": ["faults"]},
    },
}

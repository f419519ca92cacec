"""The service's own settings, plus the kinds of job that tests ask for."""

from config.environment import env_list, env_str
from config.settings import *  # noqa: F403 - settings are made of names
from config.settings import JOB_FOLLOWERS, JOB_HANDLERS, Q_CLUSTER, SWEEPS

_here = "tests.support.handlers"
_kinds = {
    "test.steps": f"{_here}.steps",
    "test.files": f"{_here}.files",
    "test.restarts": f"{_here}.restarts",
    "test.hangs": f"{_here}.hangs",
    "test.stuck": f"{_here}.stuck",
    "test.flaky": f"{_here}.flaky",
    "test.dies": f"{_here}.dies",
    "test.whole": f"{_here}.whole",
    "test.suspects": f"{_here}.suspects",
    "test.talks": f"{_here}.talks",
    "test.messy": f"{_here}.messy",
}
# The engine's own tests need no other kind, and start faster without.
_alone = env_list("LIVE_KINDS") == ["test"]
JOB_HANDLERS = _kinds if _alone else {**JOB_HANDLERS, **_kinds}
_follower = {"test.whole": f"{_here}.whole_moved"}
JOB_FOLLOWERS = _follower if _alone else {**JOB_FOLLOWERS, **_follower}

# A queue of its own for each live service.
Q_CLUSTER = {**Q_CLUSTER, "cluster_name": env_str("LIVE_QUEUE", "entrepot")}

SWEEPS = [] if _alone else SWEEPS

# Where a worker is to be killed, if anywhere: see tests.support.crash.
if env_str("CRASH_PLAN"):
    JOB_HANDLERS = {**JOB_HANDLERS, "test.crash": "tests.support.crash.whole"}
    JOB_FOLLOWERS = {**JOB_FOLLOWERS, "test.crash": f"{_here}.whole_moved"}

# A file with the seconds by which this host's clock is wrong: see tests.support.skew.
if env_str("CLOCK_SKEW"):
    JOB_HANDLERS = {**JOB_HANDLERS, "test.skew": "tests.support.skew.steps"}

"""What may wait: a job until it changes, its events as they come, a WebSocket."""

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable

import orjson

from tasks.dialects.call import Call, Reply, reply_json
from tasks.dialects.jobs import query, told, wire
from tasks.dialects.jobs.auth import NotAuthenticated, caller_of
from tasks.dialects.jobs.problems import CONTENT_TYPE, PROBLEMS, Problem, problem_of
from tasks.dialects.jobs.wire import Json
from tasks.dialects.socket import Socket
from tasks.engine.hub import Watch, hub
from tasks.lookup import NoSuchJob, find_job, list_events
from tasks.models import Job, JobEvent
from tasks.states import FINAL

HEARTBEAT_S = 15.0
AT_ONCE = 100
UNKNOWN = 4404
EVENT_STREAM = {
    "Content-Type": "text/event-stream",
    "X-Accel-Buffering": "no",  # a proxy before us must not hold events back
}

Door = Callable[..., Awaitable[Reply]]


def answering(door: Door) -> Door:
    """Turn what a door raises into problem details, but for our own faults."""

    @functools.wraps(door)
    async def answered(call: Call, **groups: str) -> Reply:
        try:
            return await door(call, **groups)
        except tuple(PROBLEMS) as error:
            problem = problem_of(error)
            if problem is None:  # of a class that is derived from one of ours
                raise
            return _reply(problem, instance=call.path)

    return answered


@answering
async def job(call: Call, job_id: str) -> Reply:
    """GET /jobs/{id}: the job, or with `wait` the job as it next is."""
    query.check(call.query, known=("wait", "rev"))
    preferred = query.read_preference(call.headers.get("Prefer", ""))
    wait_s, rev = query.read_wait_s(call.query), query.read_rev(call.query)
    applied: dict[str, str] = {}
    if wait_s is None and preferred is not None:
        wait_s, applied = preferred, {"Preference-Applied": f"wait={preferred}"}
    found = await hub.in_thread(_find, call.headers.get("Authorization"), job_id)
    if wait_s and found.state not in FINAL:
        found = await _changed(call, found, wait_s=wait_s, after=rev)
    return reply_json(await _tell(found), headers=applied)


@answering
async def events(call: Call, job_id: str) -> Reply:
    """GET /jobs/{id}/events: a page, or for `Accept: text/event-stream` a stream."""
    found = await hub.in_thread(_find, call.headers.get("Authorization"), job_id)
    if "text/event-stream" not in call.headers.get("Accept", "").lower():
        page = await hub.in_thread(told.events, found, call.query, call.headers)
        return reply_json(page)
    query.check(call.query, known=("after",))
    after = query.read_after_event(call.query, call.headers)
    if await hub.in_thread(_is_over, found, after):
        return Reply(204)  # so that a browser's EventSource asks no more
    stream = _stream(found, after)
    await anext(stream)  # Here it is let in, or refused while that can be told.
    return Reply(200, stream, EVENT_STREAM)


async def follow(socket: Socket, job_id: str) -> None:
    """WS /ws/jobs/{id}: the job, and then the job at each change until its end."""
    try:
        key = socket.headers.get("Authorization")
        found = await hub.in_thread(_find, key, job_id)
    except NotAuthenticated as error:
        problem = PROBLEMS[NotAuthenticated](error)
        body = problem.body(instance=socket.path)
        kind = {"Content-Type": CONTENT_TYPE}
        await socket.refuse(401, body, headers=kind | problem.headers)
        return
    except NoSuchJob:
        await socket.accept(listen=False)
        await socket.close(UNKNOWN)
        return
    async with hub.watching(found.pk, client=str(found.client_id)) as watch:
        await socket.accept(listen=False)
        await _send_changes(socket, watch)
    await socket.close(1000)


async def _send_changes(socket: Socket, watch: Watch) -> None:
    one = watch.job
    await socket.send_json(await _tell(one))
    while one.state not in FINAL:
        one = await socket.while_open(watch.changed(one.rev))
        await socket.send_json(await _tell(one))


async def _changed(call: Call, found: Job, *, wait_s: float, after: int | None) -> Job:
    """Return the job once it is beyond a rev, or has ended, or the time is over."""
    async with hub.watching(found.pk, client=str(found.client_id)) as watch:
        one = watch.job
        rev = found.rev if after is None else after
        if one.state in FINAL or one.rev > rev:
            return one
        try:
            return await call.while_open(watch.changed(rev, timeout_s=wait_s))
        except TimeoutError:
            return watch.job


async def _stream(found: Job, after: int) -> AsyncGenerator[bytes, None]:
    """Yield one empty part once it is let in, then events up to the job's end.

    The row is read before the events: an end that it tells of is among them.
    """
    async with hub.watching(found.pk, client=str(found.client_id)) as watch:
        yield b""
        while True:
            one = watch.job
            page = await hub.in_thread(
                list_events, job_id=one.pk, after=after, limit=AT_ONCE
            )
            for event in page.rows:
                after = event.pk
                yield _sse(event)
            if page.last is not None:
                continue
            if one.state in FINAL:
                return
            try:
                await watch.changed(one.rev, timeout_s=HEARTBEAT_S)
            except TimeoutError:
                yield b": still here\n\n"


def _sse(event: JobEvent) -> bytes:
    data = orjson.dumps(wire.event(event))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.pk, event.kind.encode(), data)


def _is_over(found: Job, after: int) -> bool:
    if found.state not in FINAL:
        return False
    return not list_events(job_id=found.pk, after=after, limit=1).rows


def _find(authorization: str | None, job_id: str) -> Job:
    return find_job(client=caller_of(authorization), job_id=job_id)


async def _tell(one: Job) -> Json:
    if told.is_plain(one):
        return told.tell(one)
    return await hub.in_thread(told.tell, one)


def _reply(problem: Problem, *, instance: str) -> Reply:
    headers = {"Content-Type": CONTENT_TYPE, **problem.headers}
    return Reply(problem.status, problem.body(instance=instance), headers)

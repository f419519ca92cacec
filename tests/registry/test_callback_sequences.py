"""Runs told in any order, two thousand in all, against a small model of the contract.

The model knows the rules of 3.1.6 and nothing of our code: it speaks the words that
runners send and are sent.
"""

from dataclasses import dataclass, field
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from registry import callbacks
from registry.callbacks import Callback
from registry.dialects.specstore import callback_wire, wire
from registry.errors import NoSuchPipeline
from registry.models import Dataset, Pipeline, Revision
from registry.states import RunState
from tasks.models import Client
from tests.support.specstore import Json, spec_of

# The rules are in Python: a second database needs no more than a sample.
SEQUENCES, CHUNKS = (2000 if connection.vendor == "sqlite" else 200), 8
LATER = [pytest.param(n, marks=pytest.mark.faults) for n in range(2, CHUNKS)]
RANK = {"pending": 0, "running": 1, "success": 2, "failed": 2}
SHOWN = {
    "QUEUED": "pending",
    "INPROGRESS": "running",
    "SUCCEEDED": "success",
    "FAILED": "failed",
}
SENTENCE = 'dependency "{}" is successfullyexecuted'


@dataclass
class Model:
    """What the contract says becomes of a flow."""

    dependencies: dict[str, set[str]]
    states: dict[str, str] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    shown: Json = field(
        default_factory=lambda: {"logs": None, "error_log": [], "stats": None}
    )

    def __post_init__(self) -> None:
        self.states = dict.fromkeys(self.dependencies, "pending")

    @property
    def status(self) -> str:
        states = set(self.states.values())
        if "running" in states:
            return "running"
        if "pending" in states:
            return "running" if len(states) > 1 else "pending"
        return "failed" if "failed" in states else "success"

    def is_told(self, message: Json) -> str | None:
        """Return the status it answers; None for a pipeline that is not found."""
        pipeline = message["pipeline_id"].removeprefix("./")
        if pipeline not in self.states or self.status in ("success", "failed"):
            return None
        if RANK[self.states[pipeline]] < 2:
            self._move(pipeline, message)
            for sent, name in (
                ("log", "logs"),
                ("errors", "error_log"),
                ("stats", "stats"),
            ):
                self.shown[name] = message.get(sent) or self.shown[name]
        return self.status

    def _move(self, pipeline: str, message: Json) -> None:
        if message["event"] == "finish":
            succeeded = message.get("success")
            self.states[pipeline] = "success" if succeeded else "failed"
            if not succeeded:
                self._cascade(pipeline)
        elif message["event"] != "queue":
            self.states[pipeline] = "running"

    def _cascade(self, failed: str) -> None:
        for other, names in self.dependencies.items():
            if failed in names and self.states[other] == "pending":
                self.states[other] = "failed"
                self.causes[other] = failed
                self._cascade(other)


def graph(random: Random, prefix: str) -> dict[str, set[str]]:
    """Draw up to four pipelines, each of which may depend on those before it."""
    count = random.choices([1, 2, 3, 4], weights=[4, 4, 2, 1])[0]
    ids = [f"{prefix}/{number}" for number in range(count)]
    return {
        id_: {other for other in ids[:number] if random.random() < 0.4}
        for number, id_ in enumerate(ids)
    }


def run(random: Random, pipeline: str) -> list[Json]:
    said: Json = {"pipeline_id": f"./{pipeline}"}
    good = random.random() < 0.75
    end: Json = {"stats": {"bytes": random.randint(1, 9)}} if good else {}
    end |= {} if good else {"errors": [f"{pipeline} {random.random()}"]}
    word = random.choice(["start", "start", "banana"])
    return [
        {**said, "event": "queue"},
        {**said, "event": word},
        {**said, "event": "progress", "log": [f"{pipeline} {random.random()}"]},
        {**said, "event": "finish", "success": good, **end},
    ]


def messages(random: Random, pipelines: list[str]) -> list[Json]:
    """Interleave the runs; then lose, repeat, delay and shuffle some of it."""
    runs = [run(random, one) for one in pipelines]
    order = [number for number, one in enumerate(runs) for _ in one]
    random.shuffle(order)
    told = [runs[number].pop(0) for number in order]
    told = [one for one in told if random.random() > 0.15]
    repeated = random.sample(told, k=min(len(told), random.randint(0, 2)))
    for late in [*repeated, {"pipeline_id": "./nobody", "event": "start"}]:
        told.insert(random.randint(0, len(told)), late)
    if random.random() < 0.4:
        random.shuffle(told)
    return told


def saved(dataset: Dataset, number: int, names: dict[str, set[str]]) -> Revision:
    revision = Revision.objects.create(
        dataset=dataset, number=number, spec=spec_of(), runner="external"
    )
    Pipeline.objects.bulk_create(
        Pipeline(
            revision=revision,
            pipeline_id=id_,
            position=position,
            kind="copy",
            title="Copying source data",
            dependencies=[f"./{name}" for name in depends_on],
        )
        for position, (id_, depends_on) in enumerate(names.items())
    )
    return revision


def answer(callback: Callback) -> str | None:
    everything = Revision.objects.all()
    try:
        revision = callbacks.take(callback, among=everything, at=timezone.now())
    except NoSuchPipeline:
        return None
    status: str = callback_wire.taken(revision, callback)["status"]
    return status


def kept(revision: Revision) -> dict[str, str]:
    pairs = revision.pipelines.values_list("pipeline_id", "state")
    return {id_: SHOWN[wire.STATES[RunState(state)]] for id_, state in pairs}


def play(revision: Revision, model: Model, told: list[Json]) -> None:
    before, too_late = kept(revision), 0
    for message in told:
        wanted = model.is_told(message)
        # Of what comes after the end a little is enough.
        too_late += wanted is None
        if too_late > 3:
            return
        assert answer(callback_wire.read_callback(message)) == wanted, message
        after = kept(revision)
        assert after == model.states, message
        assert all(RANK[after[one]] >= RANK[before[one]] for one in after), message
        assert all(
            after[one] == before[one] for one in after if RANK[before[one]] == 2
        ), message
        before = after


@pytest.mark.django_db
@pytest.mark.parametrize("chunk", [0, 1, *LATER])
def test_pipelines_and_revision_always_are_where_the_model_is(chunk: int) -> None:
    client = Client.objects.create(name="owner")
    dataset = Dataset.objects.create(client=client, owner="me", name="id")
    for seed in range(chunk, SEQUENCES, CHUNKS):
        random = Random(seed)
        model = Model(graph(random, f"me/id/{seed}"))
        revision = saved(dataset, seed, model.dependencies)

        play(revision, model, messages(random, list(model.states)))

        revision.refresh_from_db()
        assert SHOWN[wire.STATES[RunState(revision.state)]] == model.status, seed
        assert {name: getattr(revision, name) for name in model.shown} == model.shown
        assert (revision.finished_at is not None) == (RANK[model.status] == 2), seed
        errors = dict(revision.pipelines.values_list("pipeline_id", "error_log"))
        for pipeline, cause in model.causes.items():
            [sentence] = errors[pipeline] or []
            assert sentence.endswith(SENTENCE.format(cause)), seed

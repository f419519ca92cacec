"""The bare views that `GET /source/…` is compared with: Flask on the same server.

`/row` reads the same rows by SQLAlchemy, `/memory` answers the same JSON from memory.
"""

import os

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, jsonify
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from tests.bench.memory import MEMORY

engine = create_engine(os.environ["BENCH_DATABASE"])
flask = Flask(__name__)
REVISION = text(
    "SELECT r.*, d.owner, d.name, d.certified FROM registry_revision r"
    " JOIN registry_dataset d ON d.id = r.dataset_id"
    " WHERE d.owner = 'bench' AND d.name = 'one' ORDER BY r.number DESC LIMIT 1"
)
PIPELINES = text("SELECT * FROM registry_pipeline WHERE revision_id = :revision")


@flask.get("/row")
def row() -> Response:
    with Session(engine) as session:
        revision = session.execute(REVISION).mappings().one()
        found = session.execute(PIPELINES, {"revision": revision["id"]}).mappings()
        pipelines = {one["pipeline_id"]: one["state"] for one in found}
    return jsonify({**revision, "pipelines": pipelines})


@flask.get("/memory")
def memory() -> Response:
    return jsonify(MEMORY)


application = WSGIMiddleware(flask, workers=24)  # type: ignore[arg-type] # WSGI is WSGI

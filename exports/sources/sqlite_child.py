"""The program that reads an SQLite database for another, which may kill it any time.

The driver cannot cancel a statement; a process can be ended wherever it is. It
imports nothing of this service. Stdin: a line of JSON, then open for as long as the
other lives. Stdout: an Arrow stream. Stderr: a line of JSON, if it fails.
"""

import json
import os
import sys
from threading import Thread
from typing import Any, NoReturn

import adbc_driver_manager as adbc
import adbc_driver_sqlite
import pyarrow as pa

BUSY = "PRAGMA busy_timeout = 5000"
MISMATCH = "Type mismatch in column"


def main() -> None:
    wanted = json.loads(sys.stdin.buffer.readline())
    Thread(target=end_with_the_other, daemon=True).start()
    try:
        send(wanted)
    except BrokenPipeError:
        os._exit(1)
    except pa.ArrowInvalid as error:
        fail("uneven", error)  # text that is no UTF-8
    except (adbc.Error, OSError) as error:
        fail("uneven" if MISMATCH in str(error) else "failed", error)


def send(wanted: dict[str, Any]) -> None:
    with (
        adbc_driver_sqlite.connect(wanted["uri"]) as database,
        adbc.AdbcConnection(database) as connection,
        adbc.AdbcStatement(connection) as statement,
    ):
        statement.set_sql_query(BUSY)
        statement.execute_query()[0].release()
        statement.set_options(**{"adbc.sqlite.query.batch_rows": str(wanted["rows"])})
        statement.set_sql_query(wanted["sql"])
        handle, _ = statement.execute_query()
        with pa.RecordBatchReader.from_stream(handle) as reader:
            if [str(one) for one in reader.schema.types] != wanted["types"]:
                fail("uneven", "Types other than expected")
            write(reader, raw=wanted["raw"])


def write(reader: pa.RecordBatchReader, *, raw: bool) -> None:
    """Send the batches; `raw` leaves it to the reader to make text of bytes."""
    schema = raw_schema(reader.schema) if raw else reader.schema
    with (
        os.fdopen(os.dup(1), "wb", buffering=0) as out,
        pa.ipc.new_stream(out, schema) as writer,
    ):
        for batch in reader:
            if raw:
                columns = [
                    c.view(t) for c, t in zip(batch.columns, schema.types, strict=True)
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))
            else:
                batch.validate(full=True)
                writer.write_batch(batch)


def raw_schema(schema: pa.Schema) -> pa.Schema:
    fields = [
        one.with_type(pa.binary()) if pa.types.is_string(one.type) else one
        for one in schema
    ]
    return pa.schema(fields)


def fail(kind: str, error: object) -> NoReturn:
    sys.stderr.write(json.dumps({"kind": kind, "message": str(error)}) + "\n")
    sys.stderr.flush()
    os._exit(2)


def end_with_the_other() -> None:
    sys.stdin.buffer.read()
    os._exit(3)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # the thread still waits for the other's end

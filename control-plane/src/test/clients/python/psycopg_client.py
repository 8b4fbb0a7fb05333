"""psycopg 3: extended queries, pipelines, statements it prepares by itself, binary types and COPY, async connections."""
import asyncio
import os
import threading
from datetime import date, datetime, timezone
from decimal import Decimal
from uuid import UUID

import psycopg
from features import feature, pooled, run_rounds, uri, with_settings
from psycopg import errors as sql_errors
from psycopg.types.json import Jsonb

connection = psycopg.connect(uri, autocommit=True, prepare_threshold=0, application_name="psycopg")
connection.execute("drop table if exists copied, kept")
connection.execute("create table copied (i int, t text, b bytea)")
connection.execute("create table kept (i int primary key)")
heard = []
if not pooled:
    connection.execute("select set_config('app.tenant', %s, false)", ("Zoë",))
    connection.execute("set time zone 'Asia/Kathmandu'")
    connection.execute("listen news")
    connection.add_notify_handler(lambda note: heard.append(note.payload))


def one(sql, parameters=None, **how):
    return connection.execute(sql, parameters, **how).fetchone()


@feature("session pooled idle")
def simple(number):
    cursor = psycopg.ClientCursor(connection)
    cursor.execute("select 1; select %s + 1", (number,))
    assert cursor.nextset() and cursor.fetchone() == (number + 1,)


@feature("session idle")
def settings(number):
    row = one("select current_setting('app.tenant'), current_setting('timezone')")
    assert row == ("Zoë", "Asia/Kathmandu"), row
    assert connection.info.parameter_status("TimeZone") == "Asia/Kathmandu"
    assert connection.info.parameter_status("application_name") == "psycopg"


@feature("session pooled idle")
def prepared(number):
    for i in range(3):
        assert one("select %s::int + 1", (number + i,)) == (number + i + 1,)
    # Unlike the last one it is new in each round.
    assert one(f"select %s::int + {number}", (1,)) == (number + 1,)


@feature()
def many_prepared(number):
    # More than the hundred that psycopg keeps: the oldest ones are deallocated. On a connection of its own, since later
    # ones would be deallocated inside of pipelines, which is not for pools (docs/limits.md).
    with psycopg.connect(uri, autocommit=True, prepare_threshold=connection.prepare_threshold) as own:
        for i in range(150):
            assert own.execute(f"select %s::int8 + {i}", (number,)).fetchone() == (number + i,)


@feature("session pooled idle")
def pipelines(number):
    with connection.transaction():
        with connection.pipeline():
            first = connection.execute("select %s::text", (str(number),))
            second = connection.execute("select %s::int8", (number,))
            assert first.fetchone() == (str(number),) and second.fetchone() == (number,)
    with connection.pipeline() as pipeline:
        cursors = [connection.execute("select %s::int", (i,)) for i in range(200)]
        pipeline.sync()
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(200))


@feature()
def a_failed_pipeline(number):
    try:
        with connection.pipeline():
            connection.execute("select 1")
            connection.execute("select 1 / %s::int", (0,))
            connection.execute("select 2")
        raise AssertionError("divided by zero")
    except sql_errors.DivisionByZero as error:
        assert error.sqlstate == "22012"
    assert one("select 3") == (3,)


@feature()
def binary_and_text_types(number):
    values = (
        2**62, Decimal("-12345.678"), "it's ë 😀", datetime(2024, 2, 29, 12, 30, 45, 678, timezone.utc), date(1999, 12, 31),
        [1, None, 3], b"\0\xff", UUID(int=7), 1.5, True, None,
    )  # fmt: skip
    for binary in (False, True):
        placeholder = "%b" if binary else "%t"
        types = "int8 numeric text timestamptz date int4[] bytea uuid float8 bool text".split()
        sql = "select " + ", ".join(f"{placeholder}::{type}" for type in types)
        assert one(sql, values, binary=binary) == values
        assert one(f"select {placeholder}::jsonb", (Jsonb({"a": [1, "é"]}),), binary=binary) == ({"a": [1, "é"]},)


@feature()
def copy_both_ways(number):
    for form in ("text", "binary"):
        connection.execute("truncate copied")
        rows = [(i, f"row {i}", bytes([i % 256])) for i in range(5000)]
        with connection.cursor() as cursor:
            with cursor.copy(f"copy copied from stdin (format {form})") as copy:
                copy.set_types(["int4", "text", "bytea"])
                for row in rows:
                    copy.write_row(row)
            with cursor.copy(f"copy (select * from copied order by i) to stdout (format {form})") as copy:
                copy.set_types(["int4", "text", "bytea"])
                assert list(copy.rows()) == rows
    try:
        with connection.cursor().copy("copy copied from stdin") as copy:
            copy.write_row((1, "gone", None))
            raise KeyError("changed its mind")
    except (KeyError, sql_errors.QueryCanceled):
        pass
    assert one("select count(*) from copied") == (5000,)


@feature()
def large_rows(number):
    data = os.urandom(6_000_000)
    assert one("select %b::bytea, repeat('y', 5000000)", (data,), binary=True) == (data, "y" * 5_000_000)


@feature()
def cursor_by_name(number):
    with connection.transaction(), connection.cursor("walk") as walk:
        walk.itersize = 100
        walk.execute("select generate_series(1, %s)", (1000,))
        assert [row[0] for row in walk] == list(range(1, 1001))
    rows = connection.cursor().stream("select generate_series(1, 20000)")
    assert sum(row[0] for row in rows) == 20000 * 20001 // 2


@feature("session pooled idle")
def transactions(number):
    with connection.transaction():
        connection.execute("delete from kept")
        connection.execute("insert into kept values (1)")
        try:
            with connection.transaction():
                connection.execute("insert into kept values (1)")
            raise AssertionError("inserted twice")
        except sql_errors.UniqueViolation as error:
            assert error.sqlstate == "23505" and error.diag.constraint_name == "kept_pkey"
        with connection.transaction():
            connection.execute("insert into kept values (2)")
            raise psycopg.Rollback()
    assert connection.execute("select i from kept").fetchall() == [(1,)]


@feature()
def errors(number):
    for sql, code in (("selec", "42601"), ("select 1 / %s", "22012"), ("select * from nowhere", "42P01")):
        try:
            connection.execute(sql, (0,) if "%" in sql else None)
            raise AssertionError(sql)
        except psycopg.Error as error:
            assert error.sqlstate == code
    assert one("select 1") == (1,)


@feature("session idle")
def notifications(number):
    heard.clear()
    connection.execute("select pg_notify('news', %s)", (str(number),))
    connection.execute("select 1")
    assert heard == [str(number)], heard


@feature()
def cancel(number):
    timer = threading.Timer(0.2, connection.cancel)
    timer.start()
    try:
        connection.execute("select pg_sleep(60)")
        raise AssertionError("slept")
    except sql_errors.QueryCanceled as error:
        assert error.sqlstate == "57014"
    timer.join()
    assert one("select 1") == (1,)


@feature()
def notices(number):
    seen = []
    connection.add_notice_handler(lambda diagnostic: seen.append((diagnostic.severity, diagnostic.message_primary)))
    connection.execute("do $$ begin raise warning 'seen %', 42; end $$")
    assert ("WARNING", "seen 42") in seen


@feature()
def async_connections(number):
    async def go():
        async with await psycopg.AsyncConnection.connect(uri, autocommit=True) as other:
            async with other.cursor() as cursor:
                await cursor.execute("select %s::int", (number,))
                assert await cursor.fetchone() == (number,)

    async def together():
        await asyncio.gather(*(go() for _ in range(5)))

    asyncio.run(together())


@feature()
def channel_binding(number):
    authority = os.environ["SLUICE_CA"]
    with psycopg.connect(with_settings(channel_binding="require", sslmode="verify-ca", sslrootcert=authority)) as other:
        assert other.execute("select 1").fetchone() == (1,)


run_rounds()

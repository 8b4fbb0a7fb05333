"""asyncpg: extended queries in binary only, its cache of prepared statements, types it looks up, COPY in binary, its pool."""
import asyncio
import io
import os
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import asyncpg
from features import feature, pooled, run_rounds_async, uri

connection: asyncpg.Connection
kept: object
heard: asyncio.Queue


@feature("session pooled idle")
async def simple(number):
    assert await connection.execute("select 1; select 2") == "SELECT 1"


@feature("session idle")
async def settings(number):
    assert await connection.fetchval("select current_setting('app.tenant')") == "Zoë"
    assert await connection.fetchval("select current_setting('application_name')") == "asyncpg"


@feature("session pooled idle")
async def prepared(number):
    assert await kept.fetchval(number) == number + 1
    for i in range(3):
        assert await connection.fetchval("select $1::int8 * 2", i) == 2 * i
    assert await connection.fetchval(f"select $1::int + {number}", 1) == number + 1


@feature()
async def many_prepared(number):
    # More than the hundred that it keeps: the oldest ones are closed.
    for i in range(150):
        assert await connection.fetchval(f"select $1::int8 + {i}", number) == number + i


@feature()
async def binary_types(number):
    values = (
        2**62, Decimal("-12345.678"), "it's ë 😀", datetime(2024, 2, 29, 12, 30, 45, 678, timezone.utc), timedelta(days=1),
        [1, None, 3], b"\0\xff", UUID(int=7), 1.5, True, None,
    )  # fmt: skip
    types = "int8 numeric text timestamptz interval int4[] bytea uuid float8 bool text".split()
    sql = "select " + ", ".join(f"${i + 1}::{type}" for i, type in enumerate(types))
    assert tuple(await connection.fetchrow(sql, *values)) == values


@feature()
async def types_of_ones_own(number):
    # Looked up in the catalog, by queries of the driver.
    assert await connection.fetchval("select $1::mood", "happy") == "happy"
    row = await connection.fetchrow("select $1::pair as p, array[$2::mood] as m", (1, "x"), "sad")
    assert tuple(row["p"]) == (1, "x") and row["m"] == ["sad"]
    await connection.reload_schema_state()
    assert await connection.fetchval("select $1::mood[]", ["sad"]) == ["sad"]


@feature()
async def copy_both_ways(number):
    await connection.execute("truncate copied")
    rows = [(i, f"row {i}") for i in range(20000)]
    assert await connection.copy_records_to_table("copied", records=rows) == "COPY 20000"
    out = io.BytesIO()
    await connection.copy_from_query("select * from copied order by i", output=out, format="csv")
    assert out.getvalue().decode() == "".join(f"{i},{t}\n" for i, t in rows)
    await connection.copy_to_table("copied", source=io.BytesIO(out.getvalue()), format="csv")
    assert await connection.fetchval("select count(*) from copied") == 40000


@feature()
async def large_rows(number):
    data = os.urandom(6_000_000)
    row = await connection.fetchrow("select $1::bytea, repeat('y', 5000000)", data)
    assert tuple(row) == (data, "y" * 5_000_000)


@feature()
async def many_at_once(number):
    await connection.execute("truncate copied")
    await connection.executemany("insert into copied values ($1, $2)", [(i, "x") for i in range(2000)])
    assert await connection.fetchval("select sum(i) from copied") == 1999000


@feature("session pooled idle")
async def cursors(number):
    async with connection.transaction():
        rows = [row[0] async for row in connection.cursor("select generate_series(1, $1::int)", 300, prefetch=100)]
        assert rows == list(range(1, 301))
        cursor = await connection.cursor("select generate_series(1, 100)")
        assert await cursor.forward(10) == 10 and (await cursor.fetchrow())[0] == 11


@feature("session pooled idle")
async def transactions(number):
    async with connection.transaction(isolation="serializable"):
        await connection.execute("delete from kept")
        await connection.execute("insert into kept values (1)")
        try:
            async with connection.transaction():
                await connection.execute("insert into kept values (1)")
            raise AssertionError("inserted twice")
        except asyncpg.UniqueViolationError as error:
            assert error.sqlstate == "23505" and error.constraint_name == "kept_pkey"
    assert [tuple(row) for row in await connection.fetch("select i from kept")] == [(1,)]


@feature()
async def errors(number):
    for sql, code in (("selec", "42601"), ("select 1 / 0", "22012"), ("select * from nowhere", "42P01")):
        try:
            await connection.fetch(sql)
            raise AssertionError(sql)
        except asyncpg.PostgresError as error:
            assert error.sqlstate == code
    assert await connection.fetchval("select 1") == 1


@feature("session idle")
async def notifications(number):
    await connection.execute("select pg_notify('news', $1)", str(number))
    assert await asyncio.wait_for(heard.get(), 10) == str(number)


@feature()
async def cancel(number):
    try:
        await connection.execute("select pg_sleep(60)", timeout=0.2)
        raise AssertionError("slept")
    except asyncio.TimeoutError:
        assert await connection.fetchval("select 1") == 1


@feature()
async def notices(number):
    seen = []
    listener = lambda _, message: seen.append((message.severity, message.message))
    connection.add_log_listener(listener)
    await connection.execute("do $$ begin raise warning 'seen %', 42; end $$")
    await asyncio.sleep(0)
    connection.remove_log_listener(listener)
    assert ("WARNING", "seen 42") in seen, seen


@feature()
async def pool(number):
    async with asyncpg.create_pool(uri, min_size=3, max_size=3) as pool:
        sums = await asyncio.gather(*(pool.fetchval("select $1::int + 1", i) for i in range(30)))
        assert sums == list(range(1, 31))


async def main():
    global connection, kept, heard
    settings = {} if pooled else {"application_name": "asyncpg"}
    connection = await asyncpg.connect(uri, server_settings=settings)
    heard = asyncio.Queue()
    await connection.execute(
        "drop table if exists copied, kept; drop type if exists mood, pair;"
        " create table copied (i int, t text); create table kept (i int primary key);"
        " create type mood as enum ('happy', 'sad'); create type pair as (a int, b text)"
    )
    if not pooled:
        await connection.add_listener("news", lambda *note: heard.put_nowait(note[3]))
        await connection.execute("set app.tenant = 'Zoë'")
    kept = await connection.prepare("select $1::int + 1")
    await run_rounds_async()
    await connection.close()


asyncio.run(main())

"""Stays connected while the compute sleeps: says "idle" and goes on at each line it is given."""
import asyncio
import sys

import asyncpg


async def main(uri):
    connection = await asyncpg.connect(uri, server_settings={"application_name": "idle"})
    heard = asyncio.Queue()
    await connection.add_listener("news", lambda *args: heard.put_nowait(args[3]))
    await connection.execute("set app.tenant = 'Zoë'")
    kept = await connection.prepare("select $1::int + 1")

    async def check(number):
        assert await kept.fetchval(number) == number + 1
        assert await connection.fetchval("select current_setting('app.tenant')") == "Zoë"
        assert await connection.fetchval("select current_setting('application_name')") == "idle"
        async with connection.transaction():
            rows = [row[0] async for row in connection.cursor("select generate_series(1, 100)")]
            assert rows == list(range(1, 101))
        await connection.execute("select pg_notify('news', $1)", str(number))
        assert await asyncio.wait_for(heard.get(), 10) == str(number)

    number = 0
    await check(number)
    print("idle", flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        number += 1
        await check(number)
        print("idle", flush=True)
    await connection.close()


asyncio.run(main(sys.argv[1]))

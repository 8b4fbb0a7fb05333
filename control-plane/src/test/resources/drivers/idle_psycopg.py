"""Stays connected while the compute sleeps: says "idle" and goes on at each line it is given."""
import sys

import psycopg

connection = psycopg.connect(sys.argv[1], autocommit=True)
connection.prepare_threshold = 0
connection.execute("select set_config('app.tenant', %s, false)", ("Zoë",))
connection.execute("set time zone 'Asia/Kathmandu'")


def check(number):
    assert connection.execute("select %s::int + 1", (number,)).fetchone() == (number + 1,)
    row = connection.execute("select current_setting('app.tenant'), current_setting('timezone')").fetchone()
    assert row == ("Zoë", "Asia/Kathmandu"), row
    with connection.transaction():
        with connection.pipeline():
            first = connection.execute("select %s::text", (str(number),))
            second = connection.execute("select %s::int8", (number,))
            assert first.fetchone() == (str(number),) and second.fetchone() == (number,)
    assert connection.info.parameter_status("TimeZone") == "Asia/Kathmandu"


number = 0
check(number)
print("idle", flush=True)
for line in sys.stdin:
    number += 1
    check(number)
    print("idle", flush=True)

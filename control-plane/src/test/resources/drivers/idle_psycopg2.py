"""Stays connected while the compute sleeps: says "idle" and goes on at each line it is given."""
import sys

import psycopg2

connection = psycopg2.connect(sys.argv[1])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("set app.tenant = 'Zoë'")
cursor.execute("set time zone 'Asia/Kathmandu'")
cursor.execute("prepare next_one (int) as select $1 + 1")
cursor.execute("listen news")


def check(number):
    cursor.execute("execute next_one (%s)", (number,))
    assert cursor.fetchone() == (number + 1,)
    cursor.execute("select current_setting('app.tenant'), current_setting('timezone')")
    assert cursor.fetchone() == ("Zoë", "Asia/Kathmandu")
    cursor.execute("notify news, '%s'", (number,))
    connection.poll()
    assert [note.payload for note in connection.notifies] == [str(number)]
    connection.notifies.clear()


number = 0
check(number)
print("idle", flush=True)
for line in sys.stdin:
    number += 1
    check(number)
    print("idle", flush=True)

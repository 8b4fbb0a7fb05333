"""psycopg2: the simple query protocol, COPY, large objects (which are function calls), two-phase commit, notifications."""
import io
import os
import threading
from datetime import datetime, timezone
from decimal import Decimal

import psycopg2
import psycopg2.errors
import psycopg2.extras
from features import feature, pooled, run_rounds, uri, with_settings
from psycopg2.extensions import ISOLATION_LEVEL_SERIALIZABLE, TRANSACTION_STATUS_IDLE

connection = psycopg2.connect(uri, application_name="psycopg2")
connection.autocommit = True
cursor = connection.cursor()
for xid in connection.tpc_recover():
    if xid.database == connection.info.dbname:
        connection.tpc_rollback(xid)
cursor.execute("drop table if exists copied, kept")
cursor.execute("create table copied (i int, t text)")
cursor.execute("create table kept (i int primary key)")
if not pooled:
    cursor.execute("set app.tenant = 'Zoë'")
    cursor.execute("set time zone 'Asia/Kathmandu'")
    cursor.execute("prepare next_one (int) as select $1 + 1")
    cursor.execute("listen news")


def one(sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetchone()


@feature("session pooled idle")
def simple(number):
    assert one("select 1 where false; select %s + 1", (number,)) == (number + 1,)
    assert connection.get_transaction_status() == TRANSACTION_STATUS_IDLE


@feature("session idle")
def settings(number):
    assert one("select current_setting('app.tenant'), current_setting('timezone')") == ("Zoë", "Asia/Kathmandu")
    assert one("show application_name") == ("psycopg2",)
    assert connection.get_parameter_status("TimeZone") == "Asia/Kathmandu"


@feature("session idle")
def prepared_in_sql(number):
    assert one("execute next_one (%s)", (number,)) == (number + 1,)


@feature("session")
def client_encoding(number):
    connection.set_client_encoding("LATIN1")
    assert one("select 'Zoë', octet_length(%s)", ("é",)) == ("Zoë", 2)
    connection.set_client_encoding("UTF8")


@feature()
def types(number):
    when = datetime(2024, 2, 29, 12, 30, 45, 678000, timezone.utc)
    row = one(
        "select %s, %s, %s, %s, %s, %s, %s::jsonb, null, interval '1 day', int4range(1, 5)",
        (2**62, Decimal("1.50"), "it's \\ ë 😀", when, [1, None, 3], psycopg2.Binary(b"\0\xff'"), '{"a": [1, "é"]}'),
    )
    assert row[:2] == (2**62, Decimal("1.50")) and row[2] == "it's \\ ë 😀" and row[3] == when
    assert row[4] == [1, None, 3] and bytes(row[5]) == b"\0\xff'" and row[6] == {"a": [1, "é"]}
    assert row[7] is None and row[8].days == 1 and (row[9].lower, row[9].upper) == (1, 5)


@feature()
def copy_both_ways(number):
    rows = "".join(f"{i}\trow {i}\n" for i in range(20000))
    cursor.execute("truncate copied")
    cursor.copy_expert("copy copied from stdin", io.StringIO(rows))
    out = io.StringIO()
    cursor.copy_expert("copy (select * from copied order by i) to stdout", out)
    assert out.getvalue() == rows
    try:
        cursor.copy_expert("copy copied from stdin", io.StringIO("1\tgood\n2\n"))
        raise AssertionError("a short line was taken")
    except psycopg2.errors.BadCopyFileFormat as error:
        assert error.pgcode == "22P04"
    assert one("select count(*) from copied") == (20000,)


@feature()
def large_rows(number):
    text = "ë€x" * 1_000_000
    assert one("select %s, repeat('y', 5000000)", (text,)) == (text, "y" * 5_000_000)


@feature()
def cursor_by_name(number):
    with psycopg2.connect(uri) as other, other.cursor("walk") as walk:
        walk.itersize = 100
        walk.execute("select generate_series(1, 1000)")
        assert [row[0] for row in walk] == list(range(1, 1001))
    other.close()


@feature("session pooled idle")
def transactions(number):
    connection.autocommit = False
    connection.set_session(isolation_level=ISOLATION_LEVEL_SERIALIZABLE)
    try:
        assert one("show transaction_isolation") == ("serializable",)
        cursor.execute("delete from kept where i < 100")
        cursor.execute("insert into kept values (1)")
        cursor.execute("savepoint before")
        try:
            cursor.execute("insert into kept values (1)")
            raise AssertionError("inserted twice")
        except psycopg2.errors.UniqueViolation as error:
            assert error.pgcode == "23505" and error.diag.constraint_name == "kept_pkey"
        try:
            cursor.execute("select 1")
            raise AssertionError("a failed transaction went on")
        except psycopg2.errors.InFailedSqlTransaction:
            cursor.execute("rollback to before")
        connection.commit()
        cursor.execute("insert into kept values (2)")
        connection.rollback()
        assert one("select array_agg(i) from kept where i < 100") == ([1],)
        connection.commit()
    finally:
        connection.set_session(isolation_level="DEFAULT")
        connection.autocommit = True


@feature()
def two_phase_commit(number):
    # Prepared in one round and committed in the next: by another compute.
    other = psycopg2.connect(uri)
    ours = [xid for xid in other.tpc_recover() if xid.database == other.info.dbname]
    other.rollback()
    assert len(ours) == min(number, 1)
    for xid in ours:
        other.tpc_commit(xid)
        assert one("select count(*) from kept where i = %s", (100 + number - 1,)) == (1,)
    other.tpc_begin(other.xid(1, f"round {number}", "psycopg2"))
    other.cursor().execute("insert into kept values (%s)", (100 + number,))
    other.tpc_prepare()
    other.close()


@feature()
def errors(number):
    for sql, code in (("selec", "42601"), ("select 1 / 0", "22012"), ("select * from nowhere", "42P01")):
        try:
            cursor.execute(sql)
            raise AssertionError(sql)
        except psycopg2.Error as error:
            assert error.pgcode == code
    assert one("select 1") == (1,)


@feature("session idle")
def notifications(number):
    connection.notifies.clear()
    cursor.execute("select pg_notify('news', %s)", (str(number),))
    connection.poll()
    assert [note.payload for note in connection.notifies] == [str(number)]


@feature()
def cancel(number):
    timer = threading.Timer(0.2, connection.cancel)
    timer.start()
    try:
        cursor.execute("select pg_sleep(60)")
        raise AssertionError("slept")
    except psycopg2.errors.QueryCanceled as error:
        assert error.pgcode == "57014"
    timer.join()
    assert one("select 1") == (1,)


@feature()
def notices(number):
    connection.notices.clear()
    cursor.execute("do $$ begin raise notice 'seen %', 42; end $$")
    assert connection.notices == ["NOTICE:  seen 42\n"]


@feature()
def large_objects(number):
    with psycopg2.connect(uri) as other:
        made = other.lobject(0, "wb")
        made.write(b"\0\1\2\3" * 100_000)
        made.close()
        read = other.lobject(made.oid, "rb")
        read.seek(4)
        assert read.read() == b"\0\1\2\3" * 99_999
        read.unlink()
    other.close()


@feature()
def many_values(number):
    cursor.execute("truncate copied")
    psycopg2.extras.execute_values(cursor, "insert into copied values %s", [(i, "x") for i in range(1000)], page_size=100)
    assert one("select count(*), sum(i) from copied") == (1000, 499500)


@feature()
def channel_binding(number):
    other = psycopg2.connect(with_settings(channel_binding="require", sslmode="verify-ca", sslrootcert=os.environ["SLUICE_CA"]))
    with other, other.cursor() as checked:
        checked.execute("select 1")
    other.close()


run_rounds()

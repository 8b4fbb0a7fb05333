package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
)

func state(err error) string {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		panic(err)
	}
	return refused.Code
}

func pgxFeatures() []feature {
	ctx := context.Background()
	var seen []string
	config, err := pgx.ParseConfig(uri)
	check(err)
	config.RuntimeParams["application_name"] = "pgx"
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		seen = append(seen, notice.Severity+" "+notice.Message)
	}
	db, err := pgx.ConnectConfig(ctx, config)
	check(err)
	exec := func(statement string, values ...interface{}) {
		_, err := db.Exec(ctx, statement, values...)
		check(err)
	}
	exec("drop table if exists copied, kept; create table copied (i int, t text); create table kept (i int primary key)")
	if !pooled {
		exec("select set_config('app.tenant', $1, false)", "Zoë")
		exec("listen news")
	}
	_, err = db.Prepare(ctx, "next one", "select $1::int4 + 1")
	check(err)

	return []feature{
		{name: "simple", run: func(number int) {
			results, err := db.PgConn().Exec(ctx, "select 1; select "+strconv.Itoa(number)).ReadAll()
			check(err)
			equal(string(results[1].Rows[0][0]), strconv.Itoa(number))
			var n int
			check(db.QueryRow(ctx, "select $1::int4", pgx.QuerySimpleProtocol(true), number).Scan(&n))
			equal(n, number)
		}},
		{name: "settings", sessionOnly: true, run: func(int) {
			var tenant, name string
			check(db.QueryRow(ctx, "select current_setting('app.tenant'), current_setting('application_name')").Scan(&tenant, &name))
			equal([]string{tenant, name}, []string{"Zoë", "pgx"})
		}},
		{name: "prepared", run: func(number int) {
			for i := 0; i < 3; i++ {
				var n int
				check(db.QueryRow(ctx, "next one", number+i).Scan(&n))
				equal(n, number+i+1)
				check(db.QueryRow(ctx, "select $1::int4 * 2", i).Scan(&n))
				equal(n, 2*i)
			}
			_, err := db.Prepare(ctx, "new one", "select $1::int4 + 3")
			check(err)
			check(db.Deallocate(ctx, "new one"))
		}},
		{name: "batches", run: func(int) {
			batch := &pgx.Batch{}
			for i := 0; i < 200; i++ {
				batch.Queue("select $1::int4", i)
			}
			results := db.SendBatch(ctx, batch)
			for i := 0; i < 200; i++ {
				var n int
				check(results.QueryRow().Scan(&n))
				equal(n, i)
			}
			check(results.Close())
			failing := &pgx.Batch{}
			failing.Queue("select 1")
			failing.Queue("select 1 / $1::int4", 0)
			equal(state(db.SendBatch(ctx, failing).Close()), "22012")
		}},
		{name: "binary-types", run: func(int) {
			when := time.Date(2024, 2, 29, 12, 30, 45, 678000, time.UTC)
			var i int64
			var text string
			var at time.Time
			var bytes []byte
			var ints []int32
			var json map[string]int
			var nothing *string
			check(db.QueryRow(ctx, "select $1::int8, $2::text, $3::timestamptz, $4::bytea, $5::int4[], $6::jsonb, $7::text",
				int64(1)<<62, "ë 😀", when, []byte{0, 255}, []int32{1, 2}, map[string]int{"a": 1}, nil).Scan(&i, &text, &at, &bytes, &ints, &json, &nothing))
			equal(i, int64(1)<<62)
			equal(text, "ë 😀")
			equal(at.Equal(when), true)
			equal(bytes, []byte{0, 255})
			equal(ints, []int32{1, 2})
			equal(json, map[string]int{"a": 1})
			equal(nothing == nil, true)
		}},
		{name: "copy-both-ways", run: func(int) {
			exec("truncate copied")
			var rows [][]interface{}
			var text strings.Builder
			for i := 0; i < 20000; i++ {
				rows = append(rows, []interface{}{int32(i), "row " + strconv.Itoa(i)})
				fmt.Fprintf(&text, "%d\trow %d\n", i, i)
			}
			count, err := db.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"i", "t"}, pgx.CopyFromRows(rows))
			check(err)
			equal(count, int64(20000))
			var out bytes.Buffer
			_, err = db.PgConn().CopyTo(ctx, &out, "copy (select * from copied order by i) to stdout")
			check(err)
			equal(out.String() == text.String(), true)
			_, err = db.PgConn().CopyFrom(ctx, strings.NewReader("1\tgood\n2\n"), "copy copied from stdin")
			equal(state(err), "22P04")
		}},
		{name: "large-rows", run: func(int) {
			var text, more string
			check(db.QueryRow(ctx, "select $1::text, repeat('y', 5000000)", large).Scan(&text, &more))
			equal(text == large && more == strings.Repeat("y", 5000000), true)
		}},
		{name: "cursors", run: func(int) {
			tx, err := db.Begin(ctx)
			check(err)
			_, err = tx.Exec(ctx, "declare walk cursor for select generate_series(1, 1000)")
			check(err)
			total := 0
			for fetched := 1; fetched > 0; {
				rows, err := tx.Query(ctx, "fetch 100 from walk")
				check(err)
				fetched = 0
				for rows.Next() {
					var n int
					check(rows.Scan(&n))
					total += n
					fetched++
				}
			}
			equal(total, 500500)
			check(tx.Commit(ctx))
		}},
		{name: "transactions", run: func(int) {
			tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
			check(err)
			_, err = tx.Exec(ctx, "delete from kept")
			check(err)
			_, err = tx.Exec(ctx, "insert into kept values (1)")
			check(err)
			inner, err := tx.Begin(ctx)
			check(err)
			_, err = inner.Exec(ctx, "insert into kept values ($1)", 1)
			equal(state(err), "23505")
			check(inner.Rollback(ctx))
			check(tx.Commit(ctx))
			var count int
			check(db.QueryRow(ctx, "select count(*) from kept").Scan(&count))
			equal(count, 1)
		}},
		{name: "errors", run: func(int) {
			_, err := db.Exec(ctx, "selec")
			equal(state(err), "42601")
			_, err = db.Exec(ctx, "select 1 / $1::int4", 0)
			equal(state(err), "22012")
			_, err = db.Exec(ctx, "select * from nowhere")
			equal(state(err), "42P01")
			check(db.Ping(ctx))
		}},
		{name: "notifications", sessionOnly: true, run: func(number int) {
			exec("select pg_notify('news', $1)", strconv.Itoa(number))
			waiting, stop := context.WithTimeout(ctx, 10*time.Second)
			defer stop()
			note, err := db.WaitForNotification(waiting)
			check(err)
			equal(note.Payload, strconv.Itoa(number))
		}},
		{name: "cancel", run: func(int) {
			other, err := pgx.Connect(ctx, uri)
			check(err)
			time.AfterFunc(200*time.Millisecond, func() { check(other.PgConn().CancelRequest(ctx)) })
			_, err = other.Exec(ctx, "select pg_sleep(60)")
			equal(state(err), "57014")
			check(other.Ping(ctx))
			check(other.Close(ctx))
		}},
		{name: "notices", run: func(int) {
			seen = nil
			exec("do $$ begin raise warning 'seen %', 42; end $$")
			equal(seen, []string{"WARNING seen 42"})
		}},
	}
}

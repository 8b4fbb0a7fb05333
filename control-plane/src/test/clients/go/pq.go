package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

func code(err error) string {
	var refused *pq.Error
	if !errors.As(err, &refused) {
		panic(err)
	}
	return string(refused.Code)
}

// lib/pq hands on what it does not know as settings, and takes options from a URI.
func with(settings ...string) string {
	parsed, err := url.Parse(uri)
	check(err)
	query := parsed.Query()
	for i := 0; i < len(settings); i += 2 {
		query.Set(settings[i], settings[i+1])
	}
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

func pqFeatures() []feature {
	ctx := context.Background()
	var seen []string
	connector, err := pq.NewConnector(with("application_name", "pq"))
	check(err)
	noisy := pq.ConnectorWithNoticeHandler(connector, func(notice *pq.Error) {
		seen = append(seen, notice.Severity+" "+notice.Message)
	})
	pool := sql.OpenDB(noisy)
	db, err := pool.Conn(ctx)
	check(err)
	exec := func(statement string, values ...interface{}) {
		_, err := db.ExecContext(ctx, statement, values...)
		check(err)
	}
	exec("drop table if exists copied, kept; create table copied (i int, t text); create table kept (i int primary key)")
	heard := make(chan string, 100)
	if !pooled {
		exec("set app.tenant = 'Zoë'")
		exec("set time zone 'Asia/Kathmandu'")
		listener := pq.NewListener(uri, time.Second, time.Minute, nil)
		check(listener.Listen("news"))
		go func() {
			for note := range listener.Notify {
				if note != nil {
					heard <- note.Extra
				}
			}
		}()
	}
	nextOne, err := db.PrepareContext(ctx, "select $1::int + 1")
	check(err)

	return []feature{
		{name: "simple", run: func(number int) {
			rows, err := db.QueryContext(ctx, "select 1; select "+strconv.Itoa(number))
			check(err)
			defer rows.Close()
			var n int
			for rows.Next() {
				check(rows.Scan(&n))
			}
			equal(n, 1)
			equal(rows.NextResultSet() && rows.Next(), true)
			check(rows.Scan(&n))
			equal(n, number)
		}},
		{name: "settings", sessionOnly: true, run: func(int) {
			var tenant, zone, name string
			check(db.QueryRowContext(ctx, "select current_setting('app.tenant'), current_setting('timezone'), current_setting('application_name')").Scan(&tenant, &zone, &name))
			equal([]string{tenant, zone, name}, []string{"Zoë", "Asia/Kathmandu", "pq"})
		}},
		{name: "prepared", run: func(number int) {
			for i := 0; i < 3; i++ {
				var n int
				check(nextOne.QueryRow(number + i).Scan(&n))
				equal(n, number+i+1)
			}
		}},
		{name: "types", run: func(int) {
			when := time.Date(2024, 2, 29, 12, 30, 45, 678000, time.UTC)
			for _, binary := range []string{"no", "yes"} {
				other, err := sql.Open("postgres", with("binary_parameters", binary))
				check(err)
				var i int64
				var text string
				var at time.Time
				var bytes []byte
				var ints []int64
				var yes bool
				var nothing sql.NullString
				check(other.QueryRow("select $1::int8, $2::text, $3::timestamptz, $4::bytea, $5::int8[], $6::bool, $7::text",
					int64(1)<<62, "ë 😀", when, []byte{0, 255}, pq.Array([]int64{1, 2}), true, nil).Scan(&i, &text, &at, &bytes, pq.Array(&ints), &yes, &nothing))
				equal(i, int64(1)<<62)
				equal(text, "ë 😀")
				equal(at.Equal(when), true)
				equal(bytes, []byte{0, 255})
				equal(ints, []int64{1, 2})
				equal(yes, true)
				equal(nothing.Valid, false)
				check(other.Close())
			}
		}},
		{name: "copy-in", run: func(int) {
			exec("truncate copied")
			tx, err := db.BeginTx(ctx, nil)
			check(err)
			copied, err := tx.Prepare(pq.CopyIn("copied", "i", "t"))
			check(err)
			for i := 0; i < 20000; i++ {
				_, err = copied.Exec(i, "row "+strconv.Itoa(i))
				check(err)
			}
			_, err = copied.Exec()
			check(err)
			check(copied.Close())
			check(tx.Commit())
			var count, sum int
			check(db.QueryRowContext(ctx, "select count(*), sum(i) from copied").Scan(&count, &sum))
			equal([]int{count, sum}, []int{20000, 199990000})
		}},
		{name: "large-rows", run: func(int) {
			var text, more string
			check(db.QueryRowContext(ctx, "select $1::text, repeat('y', 5000000)", large).Scan(&text, &more))
			equal(text == large && more == strings.Repeat("y", 5000000), true)
		}},
		{name: "transactions", run: func(int) {
			tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
			check(err)
			for _, statement := range []string{"delete from kept", "insert into kept values (1)", "savepoint before"} {
				_, err = tx.Exec(statement)
				check(err)
			}
			_, err = tx.Exec("insert into kept values ($1)", 1)
			equal(code(err), "23505")
			_, err = tx.Exec("rollback to before")
			check(err)
			check(tx.Commit())
			tx, err = db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
			check(err)
			_, err = tx.Exec("insert into kept values (2)")
			equal(code(err), "25006")
			check(tx.Rollback())
			var count int
			check(db.QueryRowContext(ctx, "select count(*) from kept").Scan(&count))
			equal(count, 1)
		}},
		{name: "errors", run: func(int) {
			_, err := db.ExecContext(ctx, "selec")
			equal(code(err), "42601")
			_, err = db.ExecContext(ctx, "select 1 / $1::int", 0)
			equal(code(err), "22012")
			_, err = db.QueryContext(ctx, "select * from nowhere")
			equal(code(err), "42P01")
			check(db.PingContext(ctx))
		}},
		{name: "notifications", sessionOnly: true, run: func(number int) {
			// Its listener has a connection of its own, which says nothing in between.
			for tries := 0; ; tries++ {
				exec("select pg_notify('news', $1)", strconv.Itoa(number))
				select {
				case payload := <-heard:
					equal(payload == strconv.Itoa(number) || payload == strconv.Itoa(number-1), true)
					if payload == strconv.Itoa(number) {
						return
					}
				case <-time.After(100 * time.Millisecond):
					equal(tries < 100, true)
				}
			}
		}},
		{name: "cancel", run: func(int) {
			brief, stop := context.WithTimeout(ctx, 200*time.Millisecond)
			defer stop()
			// The driver gives up a connection that was cancelled, so not the one that is kept.
			_, err := pool.ExecContext(brief, "select pg_sleep(60)")
			equal(code(err), "57014")
		}},
		{name: "notices", run: func(int) {
			seen = nil
			exec("do $$ begin raise warning 'seen %', 42; end $$")
			equal(seen, []string{"WARNING seen 42"})
		}},
		{name: "pool", run: func(int) {
			many, err := sql.Open("postgres", uri)
			check(err)
			many.SetMaxOpenConns(4)
			sums := make(chan int)
			for i := 0; i < 20; i++ {
				go func(i int) {
					var n int
					check(many.QueryRow("select $1::int + 1", i).Scan(&n))
					sums <- n
				}(i)
			}
			total := 0
			for i := 0; i < 20; i++ {
				total += <-sums
			}
			equal(total, 210)
			check(many.Close())
		}},
	}
}

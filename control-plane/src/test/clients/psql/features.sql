-- What psql does, once; the input of psql is \i this for each round, and \echo idle after it.
--
--   psql -X -q -v ON_ERROR_STOP=1 -v pooled=no|yes URI
--
-- Says "ok NAME" after each feature. A wrong result is an error: check_that() raises it.
\if :{?begun}
\else
  \set begun yes
  \set round 0
  set client_min_messages to warning;
  drop table if exists copied, kept;
  create table copied (i int, t text);
  create table kept (i int primary key);
  create or replace function check_that(boolean, text default '') returns void language plpgsql as
    $$ begin if $1 is not true then raise exception 'not so: %', $2 using errcode = 'P0004'; end if; end $$;
  reset client_min_messages;
  \if :pooled
  \else
    set app.tenant = 'Zoë';
    set time zone 'Asia/Kathmandu';
    prepare next_one (int) as select $1 + 1 as next;
    listen news;
  \endif
\endif
\pset tuples_only on
\pset format unaligned
\o /dev/null

select 1 \; select 2 as two \gset
select check_that(:two = 2);
\echo ok simple

\if :pooled
\else
  select check_that(current_setting('app.tenant') = 'Zoë' and current_setting('timezone') = 'Asia/Kathmandu' and current_setting('application_name') = 'psql');
  \echo ok settings
  execute next_one (:round) \gset
  select check_that(:next = :round + 1);
  \echo ok prepared-in-sql
  set client_encoding to 'LATIN1';
  select check_that(octet_length('é') = 4, 'two characters of LATIN1 are four bytes of UTF-8');
  set client_encoding to 'UTF8';
  \echo ok client-encoding
\endif

truncate copied;
\copy copied from program 'seq 1 20000 | sed "s/.*/&,row &/"' csv
\copy (select i from copied order by i) to program 'test "$(md5sum)" = "$(seq 1 20000 | md5sum)"'
select check_that(count(*) = 20000 and sum(i) = 200010000) from copied;
copy copied from stdin;
20001	by hand
\.
select check_that(count(*) = 20001) from copied;
\set ON_ERROR_STOP off
\copy copied from program 'echo 7,row; echo 1' csv
\set ON_ERROR_STOP on
select check_that(count(*) = 20001, 'nothing of a COPY that failed stays') from copied;
\echo ok copy-both-ways

select repeat('ë€x', 1000000) as large \gset
select check_that(octet_length(:'large') = 6000000 and md5(:'large') = md5(repeat('ë€x', 1000000)));
\echo ok large-rows

\set FETCH_COUNT 100
\o | test "$(md5sum)" = "$(seq 1 1000 | md5sum)" || echo wrong
select generate_series(1, 1000);
\o /dev/null
\unset FETCH_COUNT
\echo ok cursors

begin isolation level serializable;
delete from kept;
insert into kept values (1);
\set ON_ERROR_ROLLBACK on
\set ON_ERROR_STOP off
insert into kept values (1);
\set ON_ERROR_STOP on
select check_that(:'LAST_ERROR_SQLSTATE' = '23505', :'LAST_ERROR_SQLSTATE');
\set ON_ERROR_ROLLBACK off
savepoint before;
insert into kept values (2);
rollback to before;
commit;
begin;
insert into kept values (3);
rollback;
select check_that(array_agg(i) = '{1}') from kept;
\echo ok transactions

\set ON_ERROR_STOP off
select 1 / 0;
\set ON_ERROR_STOP on
select check_that(:'LAST_ERROR_SQLSTATE' = '22012', :'LAST_ERROR_SQLSTATE');
\set ON_ERROR_STOP off
select * from nowhere;
\set ON_ERROR_STOP on
select check_that(:'LAST_ERROR_SQLSTATE' = '42P01', :'LAST_ERROR_SQLSTATE');
\echo ok errors

select 1 as a, 'x'::text as b \gdesc
select format('select check_that(%s + 1 = %s)', i, i + 1) from generate_series(1, 5) i \gexec
select i, i % 3 as j, i * 10 from generate_series(1, 6) i \crosstabview
\d kept
\echo ok described

\if :pooled
\else
  \o | grep -q 'Asynchronous notification "news" with payload "heard"' || echo wrong
  notify news, 'heard';
  \o /dev/null
  \echo ok notifications
\endif
select :round + 1 as round \gset
\o

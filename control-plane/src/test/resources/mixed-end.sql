-- What needs the tables for itself, and what is not transactional.
cluster to_cluster using to_cluster_r;
update to_cluster set r = r + 1 where i % 2 = 0;
reindex table items;
vacuum full wide;
vacuum (freeze) items;
create table emptied as select i from generate_series(1, 10000) as i;
vacuum emptied;
delete from emptied where i > 100;
vacuum emptied;
truncate emptied;
insert into emptied values (1);
create table dropped as select i from generate_series(1, 10000) as i;
drop table dropped;
create table rolled_back_away (i int);
begin;
create table never (i int);
insert into never select generate_series(1, 5000);
truncate rolled_back_away;
insert into rolled_back_away select generate_series(1, 100);
rollback;
alter table to_cluster add column extra text default 'filled';
alter table to_cluster alter column extra type varchar(100);

create database copied_by_wal template template0 strategy wal_log;
create database copied_by_file template template0 strategy file_copy;
create database short_lived strategy file_copy;
drop database short_lived;

begin;
insert into items (owner, body) values (99, 'two-phase');
prepare transaction 'committed';
commit prepared 'committed';
begin;
insert into items (owner, body) values (99, 'two-phase');
prepare transaction 'aborted';
rollback prepared 'aborted';
begin;
insert into items (owner, body) values (99, 'two-phase, over a restart');
savepoint s;
insert into items (owner, body) values (98, 'two-phase, over a restart');
prepare transaction 'kept';

select setval('tickets', 100000);
select nextval('tickets');
analyze;
checkpoint;

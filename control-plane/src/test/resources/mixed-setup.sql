-- What the sessions of the mixed workload share.
create table items (
    id bigint generated always as identity primary key,
    owner int not null,
    state text not null default 'new',
    weight numeric,
    body text
);
create index items_by_owner on items (owner, state);
create unique index items_unique on items (owner, id);
create table wide (id int primary key, document text);
alter table wide alter column document set storage external;
create sequence tickets cache 20;
create unlogged table scratch (i int primary key, t text);
create table to_cluster (i int primary key, r int);
create index to_cluster_r on to_cluster (r);
insert into items (owner, weight, body)
    select i % 100, i / 7.0, repeat('b', i % 300) from generate_series(1, 20000) as i;
insert into wide select i, repeat(md5(i::text), 2000) from generate_series(1, 50) as i;
insert into scratch select i, 'unlogged' from generate_series(1, 1000) as i;
insert into to_cluster select i, (i * 7919) % 10007 from generate_series(1, 5000) as i;
vacuum analyze;

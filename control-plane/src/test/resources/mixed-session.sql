-- One session of the mixed workload; several run at once.
\set seed `date +%N`
select setseed((:seed % 1000) / 1000.0);
insert into items (owner, body) select (random() * 99)::int, repeat('n', (random() * 500)::int) from generate_series(1, 2000);
-- Whoever changes rows skips those that are locked: it never waits with locks in hand, so no two sessions wait for each other.
update items set state = 'hot' where id in (select id from items where owner = (random() * 99)::int for update skip locked);
update items set owner = owner + 1 where id in (select id from items order by random() limit 200 for update skip locked);
delete from items where id in (select id from items order by random() limit 500 for update skip locked);
select nextval('tickets') from generate_series(1, 100);

-- Rows locked by several sessions at once become multixacts.
begin;
select count(*) from (select 1 from items where owner between 10 and 12 order by id for share) as shared;
savepoint one;
select count(*) from (select 1 from items where owner between 10 and 11 order by id for key share) as shared;
insert into items (owner, body) values (7, 'inside a savepoint');
rollback to one;
savepoint two;
insert into items (owner, body) values (8, 'kept by a savepoint');
release two;
select pg_sleep(0.2);
commit;

-- Many subtransactions, some of which fail.
do $$
begin
    for i in 1..150 loop
        begin
            insert into items (owner, body) values (i, 'sub');
            if i % 3 = 0 then
                raise exception 'rolled back';
            end if;
        exception when raise_exception then
            null;
        end;
    end loop;
end
$$;

begin;
insert into items (owner, body) select 55, 'never' from generate_series(1, 1000);
rollback;

insert into wide select 1000 + (random() * 1e8)::int, string_agg(md5(random()::text), '') from generate_series(1, 4000)
    on conflict do nothing;
update wide set document = document || 'x' where id = 1 + (random() * 49)::int;
vacuum items;

-- From where clients may come to a project's endpoints: addresses, ranges and blocks, a line each; empty for anywhere.
alter table project add column allowed_ips varchar(100000) not null default '';

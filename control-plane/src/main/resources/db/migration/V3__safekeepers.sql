-- Which safekeepers there are, and which of them decide about which timeline.

create table safekeeper (
    -- Its node id. Never used a second time: see the table below.
    number bigint primary key,
    -- member; joining or leaving while one takes the place of the other.
    state varchar(20) not null
);

create table safekeeper_number (
    -- The highest that was ever given.
    last bigint not null
);
insert into safekeeper_number values (0);

create table wal_configuration (
    timeline_id char(32) primary key,
    tenant_id char(32) not null,
    generation bigint not null,
    -- Node ids with spaces between them.
    members varchar(400) not null,
    following varchar(400) not null
);

-- What the control plane knows: projects, their branches, endpoints, roles and databases, and what was done to them.

create table project (
    id varchar(60) primary key,
    name varchar(256) not null,
    tenant_id char(32) not null unique,
    pg_version int not null,
    system_identifier bigint not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null
);

create table branch (
    id varchar(60) primary key,
    project_id varchar(60) not null references project on delete cascade,
    name varchar(256) not null,
    timeline_id char(32) not null unique,
    parent_id varchar(60) references branch,
    parent_lsn varchar(20),
    is_default boolean not null,
    -- Roles may have changed by SQL since they were last read from a compute: read them again before trusting them.
    roles_stale boolean not null default false,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    unique (project_id, name)
);

create table endpoint (
    id varchar(60) primary key,
    project_id varchar(60) not null references project on delete cascade,
    branch_id varchar(60) not null unique references branch on delete cascade,
    suspend_timeout_seconds int not null,
    -- Whether a compute may be running, or may have died without its branch's roles having been read.
    compute_expected boolean not null default false,
    last_active timestamp with time zone,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null
);

create table role (
    branch_id varchar(60) not null references branch on delete cascade,
    name varchar(63) not null,
    -- The SCRAM verifier of pg_authid.rolpassword; null: cannot log in.
    verifier varchar(256),
    -- Only for roles that Sluice itself gave a password, to print connection strings with.
    password varchar(256),
    is_superuser boolean not null default false,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    primary key (branch_id, name)
);

create table database (
    id bigint generated always as identity primary key,
    branch_id varchar(60) not null references branch on delete cascade,
    name varchar(63) not null,
    owner_name varchar(63) not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    unique (branch_id, name)
);

create table operation (
    id uuid primary key,
    project_id varchar(60) not null references project on delete cascade,
    branch_id varchar(60),
    endpoint_id varchar(60),
    action varchar(60) not null,
    status varchar(20) not null,
    error varchar(2000),
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    duration_ms bigint not null
);
create index operation_by_project on operation (project_id, created_at desc);

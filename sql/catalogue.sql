-- The catalogue: everything that the replica knows lives in this schema of the target.
-- Installed by create_replica_schema; files in upgrades/ bring an older catalogue to the same shape.

create schema sch_chameleon;

comment on schema sch_chameleon is 'catalogue of pg_chameleon';

create table sch_chameleon.catalogue_version (
    version      integer     not null,
    installed_at timestamptz not null default clock_timestamp()
);

create table sch_chameleon.sources (
    source_id        integer     generated always as identity primary key,
    name             text        not null unique,
    type             text        not null check (type in ('mysql', 'pgsql')),
    status           text        not null default 'ready'
                     check (status in ('ready', 'initialising', 'initialised', 'syncing', 'synced', 'running', 'stopped', 'error')),
    status_reason    text,
    -- The replica is consistent from this position on: no table was copied at a later one.
    consistent_file   text,
    consistent_offset bigint,
    last_maintenance timestamptz,
    added_at         timestamptz not null default clock_timestamp(),
    -- What the source said it is (8.4.3, 10.11.6-MariaDB) when it was last asked; null: it never was.
    server_version   text
);

create table sch_chameleon.mappings (
    source_id     integer not null references sch_chameleon.sources on delete cascade,
    source_schema text    not null,
    target_schema text    not null unique,
    -- What new tables of the schema inherit at the checkpoint; null: it is asked of the source.
    default_charset   text,
    default_collation text,
    primary key (source_id, source_schema)
);

-- How far the read process has come. The row moves in the transaction that stores the batch.
create table sch_chameleon.checkpoints (
    source_id      integer     primary key references sch_chameleon.sources on delete cascade,
    -- Grows with every change of sch_chameleon.tables that the read process has to know before it stores more.
    generation     bigint      not null default 0,
    binlog_file    text,
    binlog_offset  bigint,
    -- What the file says of itself at its beginning; another one that takes its name says something else.
    binlog_mark    text,
    gtid_set       text,
    -- Which of the two log tables is being written.
    log_number     smallint    not null default 1 check (log_number in (1, 2)),
    -- The commit of the last transaction that was read, and the last moment at which nothing was left to read;
    -- both in the time of this server, corrected by the difference of the clocks.
    last_commit_at timestamptz,
    caught_up_at   timestamptz,
    read_at        timestamptz
);

-- How far the replay process has come, and what it did so far.
create table sch_chameleon.replays (
    source_id      integer     primary key references sch_chameleon.sources on delete cascade,
    batch_id       bigint      not null default 0,
    binlog_file    text,
    binlog_offset  bigint,
    last_commit_at timestamptz,
    replayed_at    timestamptz,
    replayed_rows  bigint      not null default 0,
    replayed_ddl   bigint      not null default 0,
    skipped_rows   bigint      not null default 0
);

-- A first copy, a refresh or a synchronisation; unfinished ones are resumed.
create table sch_chameleon.copies (
    copy_id     bigint      generated always as identity primary key,
    source_id   integer     not null references sch_chameleon.sources on delete cascade,
    kind        text        not null check (kind in ('init_replica', 'copy_schema', 'refresh_schema', 'sync_tables')),
    scope       jsonb       not null,
    started_at  timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);

-- One row for each time that a table was taken into the replica; a new copy makes a new row.
create table sch_chameleon.tables (
    table_id      integer     generated always as identity primary key,
    source_id     integer     not null references sch_chameleon.sources on delete cascade,
    source_schema text        not null,
    source_table  text        not null,
    target_schema text        not null,
    target_table  text        not null,
    state         text        not null
                  check (state in ('copying', 'copied', 'replicated', 'quarantined', 'filtered', 'dropped')),
    reason        text,
    -- The source dropped it or moved it out of sight: the read process is done with it, the replay process is not yet.
    ended         boolean     not null default false,
    copy_id       bigint      references sch_chameleon.copies on delete set null,
    rows_copied   bigint      not null default 0,
    -- The position of the table's snapshot: earlier events are in the copy already.
    start_file    text,
    start_offset  bigint,
    start_gtid    text,
    -- The position at which the table was quarantined.
    failed_file   text,
    failed_offset bigint,
    state_since   timestamptz not null default clock_timestamp()
);

create unique index tables_one_active
    on sch_chameleon.tables (source_id, source_schema, source_table)
    where state not in ('dropped', 'copying', 'copied') and not ended;

-- The tables of the target that the replica made, or was given: it changes and drops no others, whatever their names.
-- A regclass is the table itself: it stays when the table is renamed, and a dump writes it as the name. Those of a source
-- that was dropped are for the next source that needs their names.
create table sch_chameleon.target_tables (
    relation  regclass primary key,
    source_id integer  references sch_chameleon.sources on delete set null
);

-- The structure of a table from a position on. The newest one is the read process's; replayed ones are the target's.
create table sch_chameleon.structures (
    structure_id  bigint      generated always as identity primary key,
    table_id      integer     not null references sch_chameleon.tables on delete cascade,
    binlog_file   text,
    binlog_offset bigint,
    structure     jsonb       not null,
    replayed      boolean     not null default false,
    created_at    timestamptz not null default clock_timestamp()
);

create index structures_table
    on sch_chameleon.structures (table_id, structure_id);

create table sch_chameleon.copied_chunks (
    table_id integer not null references sch_chameleon.tables on delete cascade,
    chunk    integer not null,
    rows     bigint  not null,
    primary key (table_id, chunk)
);

create table sch_chameleon.batches (
    -- The read process takes the number before it writes the rows.
    batch_id       bigint      generated by default as identity primary key,
    source_id      integer     not null references sch_chameleon.sources on delete cascade,
    log_number     smallint    not null,
    binlog_file    text        not null,
    binlog_offset  bigint      not null,
    gtid_set       text,
    transactions   integer     not null,
    rows           bigint      not null,
    -- What is in it: [[segment, table_id, inserts, updates, deletes, partials, ordered], ...].
    summary        jsonb       not null,
    last_commit_at timestamptz not null,
    stored_at      timestamptz not null default clock_timestamp(),
    replayed_at    timestamptz
);

create index batches_log
    on sch_chameleon.batches (source_id, log_number, stored_at);

create index batches_waiting
    on sch_chameleon.batches (source_id, batch_id)
    where replayed_at is null;

-- Changes of structure. A batch's rows of segment n come before its change with that segment, rows of n + 1 after it.
create table sch_chameleon.schema_changes (
    change_id     bigint  generated always as identity primary key,
    -- Changes are stored as they are read, their batch only when it is whole.
    batch_id      bigint  not null references sch_chameleon.batches on delete cascade deferrable initially deferred,
    segment       integer not null,
    table_id      integer not null,
    kind          text    not null check (kind in ('create', 'alter', 'drop', 'truncate')),
    structure_id  bigint,
    change        jsonb   not null,
    statement     text,
    binlog_file   text    not null,
    binlog_offset bigint  not null
);

create index schema_changes_batch
    on sch_chameleon.schema_changes (batch_id, segment, change_id);

-- Changes of tables whose copy is still under way wait here; the columns are those of the log tables.
create table sch_chameleon.held_rows (
    batch_id      bigint   not null,
    sequence      bigint   not null,
    segment       integer  not null,
    table_id      integer  not null,
    operation     "char"   not null,
    key           text     collate "C",
    image         text,
    binlog_file   integer  not null,
    binlog_offset bigint   not null
);

create index held_rows_table
    on sch_chameleon.held_rows (table_id, batch_id);

-- Rows of transactions that were prepared by XA and are neither committed nor rolled back yet.
create table sch_chameleon.prepared_rows (
    source_id     integer  not null references sch_chameleon.sources on delete cascade,
    xid           text     not null,
    sequence      bigint   not null,
    table_id      integer  not null,
    operation     "char"   not null,
    key           text     collate "C",
    image         text,
    binlog_file   integer  not null,
    binlog_offset bigint   not null
);

create index prepared_rows_xid
    on sch_chameleon.prepared_rows (source_id, xid);

create table sch_chameleon.errors (
    log_id        bigint      generated always as identity primary key,
    source_id     integer     not null references sch_chameleon.sources on delete cascade,
    source_schema text,
    source_table  text,
    batch_id      bigint,
    binlog_file   text,
    binlog_offset bigint,
    row_key       text,
    statement     text,
    message       text        not null,
    happened_at   timestamptz not null default clock_timestamp()
);

create table sch_chameleon.discarded_rows (
    discard_id    bigint      generated always as identity primary key,
    source_id     integer     not null references sch_chameleon.sources on delete cascade,
    source_schema text        not null,
    source_table  text        not null,
    operation     text        not null,
    row_key       text,
    image         text,
    binlog_file   text,
    binlog_offset bigint,
    reason        text        not null,
    happened_at   timestamptz not null default clock_timestamp()
);

-- Values that PostgreSQL cannot hold and that were changed by a documented rule: how many of a column, and the last.
create table sch_chameleon.value_changes (
    table_id      integer     not null references sch_chameleon.tables on delete cascade,
    source_column text        not null,
    reason        text        not null,
    occurrences   bigint      not null,
    row_key       text,
    binlog_file   text,
    binlog_offset bigint,
    last_at       timestamptz not null default clock_timestamp(),
    primary key (table_id, source_column, reason)
);

-- The first of them, one by one, with what the source has. Those without a position were found by the copy.
create table sch_chameleon.changed_values (
    change_id     bigint      generated always as identity primary key,
    table_id      integer     not null references sch_chameleon.tables on delete cascade,
    source_column text        not null,
    reason        text        not null,
    row_key       text        not null,
    value         text        not null,
    binlog_file   text,
    binlog_offset bigint,
    changed_at    timestamptz not null default clock_timestamp()
);

create index changed_values_table
    on sch_chameleon.changed_values (table_id);

-- Creates what a source needs beside its rows: its two log tables.
create function sch_chameleon.create_log_tables(source integer)
returns void
language plpgsql
as $body$
declare
    number integer;
begin
    for number in 1..2 loop
        execute format(
            'create table sch_chameleon.%I (
                batch_id      bigint   not null,
                sequence      bigint   not null,
                segment       integer  not null,
                table_id      integer  not null,
                operation     "char"   not null,
                key           text     collate "C",
                image         text,
                binlog_file   integer  not null,
                binlog_offset bigint   not null
            )',
            'log_' || source || '_' || number
        );
        -- Compressing what is read once and thrown away costs more than it saves.
        execute format(
            'alter table sch_chameleon.%I alter column image set storage external, alter column key set storage external',
            'log_' || source || '_' || number
        );
        execute format(
            'create index on sch_chameleon.%I (batch_id, table_id)',
            'log_' || source || '_' || number
        );
    end loop;
end
$body$;

create function sch_chameleon.drop_log_tables(source integer)
returns void
language plpgsql
as $body$
declare
    number integer;
begin
    for number in 1..2 loop
        execute format('drop table if exists sch_chameleon.%I', 'log_' || source || '_' || number);
    end loop;
end
$body$;

-- Images in the log are composite literals; a type of as many texts takes them apart.
create function sch_chameleon.ensure_row_type(width integer)
returns void
language plpgsql
as $body$
begin
    if to_regtype('sch_chameleon.row_' || width) is null then
        execute format(
            'create type sch_chameleon.%I as (%s)',
            'row_' || width,
            (select string_agg('c' || number || ' text', ', ' order by number) from generate_series(1, width) number)
        );
    end if;
exception
    -- Another process was faster.
    when duplicate_object or unique_violation then
        null;
end
$body$;

-- Applies what the binlog holds of a document that was changed in part, [[operation, path, value], ...], to the document.
create function sch_chameleon.changed_document(document jsonb, changes jsonb)
returns jsonb
language plpgsql
as $body$
declare
    change jsonb;
    path   text[];
    parent jsonb;
begin
    for change in select value from jsonb_array_elements(changes) with ordinality order by ordinality loop
        path := array(select jsonb_array_elements_text(change -> 1));
        parent := document #> path[:cardinality(path) - 1];
        if parent is null or (change ->> 0 <> 'insert' and document #> path is null) then
            raise exception 'the document has no path %', path;
        end if;
        document := case
            when cardinality(path) = 0 then change -> 2
            when change ->> 0 = 'remove' then document #- path
            when change ->> 0 = 'insert' and jsonb_typeof(parent) = 'array' then jsonb_insert(document, path, change -> 2)
            else jsonb_set(document, path, change -> 2)
        end;
    end loop;
    return document;
end
$body$;

insert into sch_chameleon.catalogue_version (version)
values (4);

-- What is recorded of changed values belongs to a registration, so that a new copy starts from zero and a renamed table
-- keeps it; and values are listed one by one.

alter table sch_chameleon.value_changes rename to former_value_changes;

alter table sch_chameleon.former_value_changes rename constraint value_changes_pkey to former_value_changes_pkey;

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

insert into sch_chameleon.value_changes
select
    (
        select max(t.table_id)
        from sch_chameleon.tables t
        where t.source_id = v.source_id
            and t.source_schema = v.source_schema
            and t.source_table = v.source_table
            and t.state <> 'dropped'
    ),
    v.source_column,
    case v.reason
        when 'a date that does not exist' then 'date that does not exist became NULL or -infinity'
        else v.reason
    end,
    v.occurrences, v.row_key, v.binlog_file, v.binlog_offset, v.last_at
from sch_chameleon.former_value_changes v
where exists (
    select 1
    from sch_chameleon.tables t
    where t.source_id = v.source_id
        and t.source_schema = v.source_schema
        and t.source_table = v.source_table
        and t.state <> 'dropped'
);

drop table sch_chameleon.former_value_changes;

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

alter table sch_chameleon.mappings
    add column default_charset text,
    add column default_collation text;

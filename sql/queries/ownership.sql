-- name: claim
insert into sch_chameleon.target_tables (relation, source_id)
select
    c.oid, %(source_id)s
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %(schema)s
    and c.relname = %(table)s
on conflict (relation) do update
set source_id = excluded.source_id;

-- name: find
select
    c.oid, own.relation is not null
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join sch_chameleon.target_tables own
    on own.relation = c.oid and coalesce(own.source_id, %(source_id)s) = %(source_id)s
where n.nspname = %(schema)s
    and c.relname = %(relation)s;

-- name: foreign
-- Tables, views and the like that have names which a table of the replica might need.
select
    n.nspname, c.relname
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join sch_chameleon.target_tables own
    on own.relation = c.oid and coalesce(own.source_id, %(source_id)s) = %(source_id)s
where n.nspname = any(%(schemas)s)
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and own.relation is null;

-- name: let_go
delete from sch_chameleon.target_tables own
using pg_class c
join pg_namespace n on n.oid = c.relnamespace
where own.source_id = %(source_id)s
    and c.oid = own.relation
    and n.nspname = %(schema)s;

-- name: let_go_all
delete from sch_chameleon.target_tables
where source_id = %s;

-- name: forget_dropped
delete from sch_chameleon.target_tables own
where coalesce(own.source_id, %(source_id)s) = %(source_id)s
    and not exists (
        select 1
        from pg_class c
        where c.oid = own.relation
    );

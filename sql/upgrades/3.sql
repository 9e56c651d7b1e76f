-- The tables that the replica made are known by their identity, so that it never takes a table of the user for its own.

create table sch_chameleon.target_tables (
    relation  regclass primary key,
    source_id integer  references sch_chameleon.sources on delete set null
);

-- Of a quarantined table without copied rows nobody knows whether it was made, or is the user's. Such a one is left
-- to the user: sync_tables says that it is in the way.
insert into sch_chameleon.target_tables (relation, source_id)
select
    c.oid, t.source_id
from sch_chameleon.tables t
join pg_namespace n on n.nspname = t.target_schema
join pg_class c on c.relnamespace = n.oid and c.relname = t.target_table
where c.relkind in ('r', 'p')
    and (t.state = 'replicated' or (t.state = 'quarantined' and t.rows_copied > 0))
on conflict (relation) do nothing;

-- By which a file is recognised, since RESET MASTER gives its name to another one.
alter table sch_chameleon.checkpoints
    add column binlog_mark text;

-- name: relation
select
    c.oid, c.relkind::text
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s
    and c.relname = %s;

-- name: dependent_views
-- Every view and materialized view above a table, those that others depend on first.
with recursive above (view, depth) as (
    select
        r.ev_class, 1
    from pg_depend d
    join pg_rewrite r on r.oid = d.objid
    where d.classid = 'pg_rewrite'::regclass
        and d.refclassid = 'pg_class'::regclass
        and d.refobjid = %(table)s
        and r.ev_class <> d.refobjid
    union
    select
        r.ev_class, above.depth + 1
    from above
    join pg_depend d on d.refobjid = above.view
    join pg_rewrite r on r.oid = d.objid
    where d.classid = 'pg_rewrite'::regclass
        and d.refclassid = 'pg_class'::regclass
        and r.ev_class <> d.refobjid
)
select
    c.oid, n.nspname, c.relname, c.relkind::text, c.relispopulated, pg_get_userbyid(c.relowner), c.reloptions,
    pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class')
from (select view, max(depth) as depth from above group by view) v
join pg_class c on c.oid = v.view
join pg_namespace n on n.oid = c.relnamespace
order by v.depth, c.oid;

-- name: indexes
select pg_get_indexdef(indexrelid)
from pg_index
where indrelid = %s
order by indexrelid;

-- name: foreign_keys
-- Foreign keys of other tables that lead to a table.
select
    n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f'
    and k.confrelid = %(table)s
    and k.conrelid <> k.confrelid
    and k.conparentid = 0
order by k.oid;

-- name: other_dependents
-- What would fall with a table and cannot be made again from its definition alone.
select pg_describe_object(d.classid, d.objid, d.objsubid)
from pg_depend d
where d.deptype = 'n'
    and d.classid not in ('pg_rewrite'::regclass, 'pg_constraint'::regclass)
    -- A generated column depends on others of its own table.
    and not exists (
        select 1
        from pg_attrdef a
        where d.classid = 'pg_attrdef'::regclass
            and a.oid = d.objid
            and a.adrelid = any(%(relations)s)
    )
    and (
        (d.refclassid = 'pg_class'::regclass and d.refobjid = any(%(relations)s))
        or (
            d.refclassid = 'pg_type'::regclass
            and d.refobjid in (select reltype from pg_class where oid = any(%(relations)s))
        )
    )
order by 1;

-- name: grants
-- Privileges on a relation other than its owner's.
select
    case when a.grantee = 0 then null else pg_get_userbyid(a.grantee) end, a.privilege_type, a.is_grantable
from pg_class c
cross join lateral aclexplode(c.relacl) a
where c.oid = %s
    and a.grantee <> c.relowner;

-- name: enums
-- The enum types of a table's columns that lie in the table's schema.
select distinct t.typname
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_type t on t.oid = a.atttypid
where c.oid = %s
    and t.typtype = 'e'
    and t.typnamespace = c.relnamespace
    and not a.attisdropped
order by 1;

-- name: type_exists
select 1
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
where n.nspname = %s
    and t.typname = %s;

-- name: roles
select rolname
from pg_roles
where rolname = any(%s);

-- name: schema_exists
select 1
from pg_namespace
where nspname = %s;

-- name: schema_tables
select c.relname
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s
    and c.relkind in ('r', 'p')
order by 1;

-- name: schemas
select nspname
from pg_namespace
where nspname = any(%s)
order by 1;

-- name: tables
-- Tables of a schema; a partitioned table stands for its partitions.
select
    c.oid, c.relname, greatest(c.reltuples, 0)::bigint, obj_description(c.oid, 'pg_class')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s
    and c.relkind in ('r', 'p')
    and not c.relispartition
    and c.relpersistence <> 't'
order by pg_total_relation_size(c.oid) desc, c.relname;

-- name: columns
-- A domain gives way to the type that it is made of.
select
    a.attname,
    case t.typtype
        when 'd' then format_type(t.typbasetype, t.typtypmod)
        else format_type(a.atttypid, a.atttypmod)
    end,
    a.attnotnull or (t.typtype = 'd' and t.typnotnull),
    pg_get_expr(d.adbin, d.adrelid, true),
    a.attidentity::text,
    a.attgenerated::text,
    case when a.attcollation <> t.typcollation then quote_ident(cn.nspname) || '.' || quote_ident(co.collname) end,
    col_description(a.attrelid, a.attnum)
from pg_attribute a
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_collation co on co.oid = a.attcollation
left join pg_namespace cn on cn.oid = co.collnamespace
where a.attrelid = %s
    and a.attnum > 0
    and not a.attisdropped
order by a.attnum;

-- name: enums
select
    t.typname, array_agg(e.enumlabel::text order by e.enumsortorder)
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
join pg_enum e on e.enumtypid = t.oid
where n.nspname = %s
group by t.oid, t.typname
order by 1;

-- name: sequences
-- The sequences of a table's columns. internal: that of an identity.
select
    n.nspname, c.relname, a.attname, d.deptype = 'i' as internal, format_type(s.seqtypid, null),
    s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
from pg_depend d
join pg_class c on c.oid = d.objid and c.relkind = 'S'
join pg_namespace n on n.oid = c.relnamespace
join pg_sequence s on s.seqrelid = c.oid
join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where d.classid = 'pg_class'::regclass
    and d.refclassid = 'pg_class'::regclass
    and d.refobjid = %s
    and d.deptype in ('a', 'i')
order by 2;

-- name: constraints
-- Keys first; foreign keys are made when all tables are there.
select
    conname, pg_get_constraintdef(oid, true), contype = 'f'
from pg_constraint
where conrelid = %s
    and contype in ('p', 'u', 'x', 'c', 'f')
    and conparentid = 0
order by case contype when 'p' then 0 when 'u' then 1 else 2 end, conname;

-- name: indexes
-- Indexes that belong to no constraint.
select pg_get_indexdef(i.indexrelid, 0, true)
from pg_index i
where i.indrelid = %s
    and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
order by i.indexrelid;

-- name: export_snapshot
select pg_export_snapshot();

-- name: column_types
-- Types without length or precision: an explicit cast with them would cut a value that is too long. Then with them.
select
    a.attname, format_type(a.atttypid, -1), format_type(a.atttypid, a.atttypmod)
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s
    and c.relname = %s
    and a.attnum > 0
    and not a.attisdropped;

-- name: ensure_row_type
select sch_chameleon.ensure_row_type(%s);

-- name: bare_type
select format_type(to_regtype(%s), -1);

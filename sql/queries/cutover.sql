-- name: has_constraint
select 1
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s
    and c.relname = %s
    and k.conname = %s;

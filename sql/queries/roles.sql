-- name: try
select pg_try_advisory_lock(%s, %s);

-- name: held
select objid::integer
from pg_locks
where locktype = 'advisory'
    and classid = %s
    and granted
    and database = (select oid from pg_database where datname = current_database());

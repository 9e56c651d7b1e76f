-- name: lift_time_limits
-- Copies, indexes and large transactions take their time, whatever role, database or server set as a limit. Not every
-- version has each of these settings.
select set_config(name, '0', false)
from pg_settings
where setting <> '0'
    and name in (
        'statement_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout'
    );

-- name: find_types
-- Types such as geometry and citext, and their operators, are found where their extensions were created.
select set_config(
    'search_path', concat_ws(', ', 'pg_catalog', string_agg(distinct quote_ident(n.nspname), ', ')), false
)
from pg_extension e
join pg_namespace n on n.oid = e.extnamespace
where n.nspname <> 'pg_catalog'
    and exists (
        select
        from pg_depend d
        where d.refobjid = e.oid
            and d.refclassid = 'pg_extension'::regclass
            and d.classid = 'pg_type'::regclass
            and d.deptype = 'e'
    );

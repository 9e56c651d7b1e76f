-- Of schemas of the server itself nothing leads to others.

-- name: views
select
    table_schema, table_name, view_definition
from information_schema.views
where table_schema not in ('mysql', 'sys', 'information_schema', 'performance_schema');

-- name: triggers
select
    event_object_schema, event_object_table, action_statement
from information_schema.triggers
where event_object_schema not in ('mysql', 'sys', 'information_schema', 'performance_schema');

-- name: routines
select
    routine_schema, routine_name, routine_definition
from information_schema.routines
where routine_schema not in ('mysql', 'sys', 'information_schema', 'performance_schema');

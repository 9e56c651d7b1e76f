-- name: columns
select
    table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name, referenced_column_name
from information_schema.key_column_usage
where table_schema = %s
    and referenced_table_name is not null
    {one_table}
order by table_name, constraint_name, ordinal_position;

-- name: rules
select
    table_name, constraint_name, delete_rule, update_rule
from information_schema.referential_constraints
where constraint_schema = %s
    {one_table};

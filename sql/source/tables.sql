-- name: of_schema
-- Base tables; those of MariaDB that keep their history are base tables too, views and sequences are not.
select
    table_name, engine, table_collation, table_comment
from information_schema.tables
where table_schema = %s
    and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')
    {one_table};

-- name: kinds
select
    table_name, engine, table_type
from information_schema.tables
where table_schema = %s
    and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')
order by table_name;

-- name: with_generated_columns
-- Of MariaDB; MySQL has no such column.
select distinct table_name
from information_schema.columns
where table_schema = %s
    and is_generated = 'ALWAYS'
order by table_name;

-- name: columns
select
    table_name, column_name, column_type, is_nullable, column_default, extra, character_set_name, collation_name,
    column_comment, {generation_expression}, {srs_id}
from information_schema.columns
where table_schema = %s
    {one_table}
order by table_name, ordinal_position;

-- name: indexes
select
    table_name, index_name, non_unique, column_name, sub_part, collation, index_type, index_comment, {expression}
from information_schema.statistics
where table_schema = %s
    {one_table}
order by table_name, index_name, seq_in_index;

-- name: checks_of_mysql
select
    constraints.table_name, checks.constraint_name, checks.check_clause, constraints.enforced
from information_schema.check_constraints as checks
join information_schema.table_constraints as constraints
    on constraints.constraint_schema = checks.constraint_schema
    and constraints.constraint_name = checks.constraint_name
where constraints.constraint_type = 'CHECK'
    and constraints.table_schema = %s
    {one_table};

-- name: checks_of_mariadb
select
    table_name, constraint_name, check_clause, 'YES'
from information_schema.check_constraints
where constraint_schema = %s
    {one_table};

-- name: database_defaults
select
    schema_name, default_character_set_name, default_collation_name
from information_schema.schemata;

-- name: estimated_rows
select
    table_name, table_rows
from information_schema.tables
where table_schema = %s
    and table_type in ('BASE TABLE', 'SYSTEM VERSIONED');

-- name: statistics
select
    table_schema, table_name, coalesce(table_rows, 0), coalesce(data_length, 0), create_time
from information_schema.tables
where table_type <> 'VIEW'
    and table_schema in %s;

-- name: creation_time
select create_time
from information_schema.tables
where table_schema = %s
    and table_name = %s;

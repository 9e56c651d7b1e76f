-- name: read
select
    current_setting('server_version_num')::integer,
    current_setting('server_encoding'),
    pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean,
    exists (select from pg_extension where extname = 'postgis');

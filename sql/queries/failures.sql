-- name: add_error
insert into sch_chameleon.errors
    (source_id, source_schema, source_table, batch_id, binlog_file, binlog_offset, row_key, statement, message)
values
    (%(source_id)s, %(schema)s, %(table)s, %(batch_id)s, %(file)s, %(offset)s, %(row_key)s, %(statement)s, %(message)s)
returning log_id;

-- name: add_discarded
insert into sch_chameleon.discarded_rows
    (source_id, source_schema, source_table, operation, row_key, image, binlog_file, binlog_offset, reason)
values
    (%(source_id)s, %(schema)s, %(table)s, %(operation)s, %(row_key)s, %(image)s, %(file)s, %(offset)s, %(reason)s);

-- name: count
insert into sch_chameleon.value_changes as known
    (table_id, source_column, reason, occurrences, row_key, binlog_file, binlog_offset)
values
    (%(table_id)s, %(column)s, %(reason)s, %(occurrences)s, %(row_key)s, %(file)s, %(offset)s)
on conflict (table_id, source_column, reason) do update
set occurrences = known.occurrences + excluded.occurrences,
    row_key = excluded.row_key,
    binlog_file = excluded.binlog_file,
    binlog_offset = excluded.binlog_offset,
    last_at = clock_timestamp()
returning occurrences;

-- name: forget_counts
delete from sch_chameleon.value_changes
where table_id in (
    select table_id
    from sch_chameleon.tables
    where source_id = %s
        and state = 'dropped'
);

-- name: forget_listed
delete from sch_chameleon.changed_values
where table_id in (
    select table_id
    from sch_chameleon.tables
    where source_id = %s
        and state = 'dropped'
);

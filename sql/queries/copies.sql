-- name: open
select
    copy_id, kind, scope, started_at
from sch_chameleon.copies
where source_id = %s
    and finished_at is null
order by copy_id desc;

-- name: begin
insert into sch_chameleon.copies (source_id, kind, scope)
values (%(source_id)s, %(kind)s, %(scope)s)
returning copy_id, kind, scope, started_at;

-- name: finish
update sch_chameleon.copies
set finished_at = clock_timestamp()
where copy_id = %s;

-- name: forget_held_rows
delete from sch_chameleon.held_rows
where table_id in (
    select table_id
    from sch_chameleon.tables
    where copy_id = %(copy_id)s
        and table_id <> all(%(kept)s)
);

-- name: abandon
-- What a copy began and does not finish needs another copy: the former registration ended when it began.
update sch_chameleon.tables
set state = case when reason = 'left out' then 'dropped' else 'quarantined' end,
    reason = 'its copy was not finished',
    state_since = clock_timestamp()
where copy_id = %(copy_id)s
    and state in ('copying', 'copied')
    and table_id <> all(%(kept)s);

-- name: forget_chunks
delete from sch_chameleon.copied_chunks
where table_id in (
    select table_id
    from sch_chameleon.tables
    where copy_id = %s
);

-- name: copied
-- The tables that a copy has whole, waiting to be swapped in.
select
    t.table_id, t.target_schema, t.target_table, t.rows_copied, t.start_file, t.start_offset, t.start_gtid, t.reason,
    s.structure
from sch_chameleon.tables t
join lateral (
    select structure
    from sch_chameleon.structures
    where table_id = t.table_id
    order by structure_id
    limit 1
) s on true
where t.copy_id = %s
    and t.state = 'copied'
    and not t.ended
order by t.table_id;

-- name: unfit
-- Tables of a copy that the stream quarantined meanwhile, for example because the source altered them.
select
    source_schema, source_table, ended,
    case when ended then 'the source dropped it while it was copied' else reason end
from sch_chameleon.tables
where copy_id = %s
    and (state = 'quarantined' or (ended and state in ('copied', 'dropped')))
order by 1, 2;

-- name: confirm_copying
-- Held until the transaction ends: whoever gives the copy up waits, and a copier that was given up stores nothing.
select state
from sch_chameleon.tables
where table_id = %s
for share;

-- name: add_chunk
insert into sch_chameleon.copied_chunks (table_id, chunk, rows)
values (%(table_id)s, %(chunk)s, %(rows)s);

-- name: chunk_rows
select coalesce(sum(rows), 0)::bigint
from sch_chameleon.copied_chunks
where table_id = %s;

-- name: set_reason
update sch_chameleon.tables
set reason = %(reason)s
where table_id = %(table_id)s;

-- name: set_gtid
update sch_chameleon.tables
set start_gtid = %(gtid)s
where table_id = %(table_id)s;

-- name: drop_registrations
-- A whole new first copy ends every registration that is not its own.
update sch_chameleon.tables
set state = 'dropped',
    reason = 'superseded by a new copy',
    state_since = clock_timestamp()
where source_id = %(source_id)s
    and copy_id is distinct from %(copy_id)s
    and state <> 'dropped';

-- name: supersede
-- The former registrations of the table end.
update sch_chameleon.tables old
set state = 'dropped',
    reason = 'superseded by a new copy',
    state_since = clock_timestamp()
from sch_chameleon.tables new
where new.table_id = %(table_id)s
    and old.source_id = new.source_id
    and old.source_schema = new.source_schema
    and old.source_table = new.source_table
    and old.table_id < new.table_id
    and old.state <> 'dropped';

-- name: left_targets
-- Targets of superseded registrations under other names: the source renamed the table, the replay did not come to it.
select
    old.target_schema, old.target_table
from sch_chameleon.tables old
join sch_chameleon.tables new
    on new.source_id = old.source_id
    and new.source_schema = old.source_schema
    and new.source_table = old.source_table
where new.table_id = %(table_id)s
    and old.state = 'dropped'
    and old.reason = 'superseded by a new copy'
    and old.state_since >= (select started_at from sch_chameleon.copies where copy_id = new.copy_id)
    and (old.target_schema, old.target_table) <> (new.target_schema, new.target_table)
    and not exists (
        select 1
        from sch_chameleon.tables live
        where live.source_id = old.source_id
            and live.target_schema = old.target_schema
            and live.target_table = old.target_table
            and live.state <> 'dropped'
    );

-- name: drop_registration
update sch_chameleon.tables
set state = 'dropped',
    reason = %(reason)s,
    state_since = clock_timestamp()
where table_id = %(table_id)s;

-- name: forget_batches
delete from sch_chameleon.batches
where source_id = %s;

-- name: forget_prepared_rows
delete from sch_chameleon.prepared_rows
where source_id = %s;

-- name: forget_source_held_rows
delete from sch_chameleon.held_rows
where table_id in (
    select table_id
    from sch_chameleon.tables
    where source_id = %s
);

-- name: consistent_from
select
    consistent_file, consistent_offset
from sch_chameleon.sources
where source_id = %s;

-- name: waits_before_snapshots
-- Whether a batch waits for its replay that begins before a snapshot of this copy.
select 1
from sch_chameleon.tables t
join sch_chameleon.replays r using (source_id)
where t.copy_id = %(copy_id)s
    and t.state = 'copied'
    and t.start_file is not null
    and (substring(r.binlog_file from '\d+$')::bigint, r.binlog_offset)
        < (substring(t.start_file from '\d+$')::bigint, t.start_offset)
    and exists (
        select 1
        from sch_chameleon.batches b
        where b.source_id = t.source_id
            and b.replayed_at is null
    )
limit 1;

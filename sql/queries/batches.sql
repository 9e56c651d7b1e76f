-- name: next_number
select nextval('sch_chameleon.batches_batch_id_seq');

-- name: store
-- The checkpoint moves only if no table was registered since the read process loaded them, and only from where this
-- process left it, so that two processes can never store the same transactions.
with moved as (
    update sch_chameleon.checkpoints
    set binlog_file = %(file)s,
        binlog_offset = %(offset)s,
        binlog_mark = %(file_mark)s,
        gtid_set = %(gtid)s,
        generation = generation + %(registered)s,
        last_commit_at = to_timestamp(%(commit_time)s),
        caught_up_at = coalesce(to_timestamp(%(caught_up)s), caught_up_at),
        read_at = clock_timestamp()
    where source_id = %(source_id)s
        and generation = %(generation)s
        and binlog_file = %(from_file)s
        and binlog_offset = %(from_offset)s
    returning source_id, log_number
),
stored as (
    insert into sch_chameleon.batches
        (batch_id, source_id, log_number, binlog_file, binlog_offset, gtid_set, transactions, rows, summary, last_commit_at)
    select
        %(batch_id)s, source_id, log_number, %(file)s, %(offset)s, %(gtid)s, %(transactions)s, %(rows)s, %(summary)s,
        to_timestamp(%(commit_time)s)
    from moved
)
select
    pg_notify(%(channel)s, ''),
    nextval('sch_chameleon.batches_batch_id_seq')
from moved;

-- name: move
-- Nothing to store: the source had transactions of other schemas only, or none.
update sch_chameleon.checkpoints
set binlog_file = %(file)s,
    binlog_offset = %(offset)s,
    binlog_mark = %(file_mark)s,
    gtid_set = %(gtid)s,
    last_commit_at = coalesce(to_timestamp(%(commit_time)s), last_commit_at),
    caught_up_at = coalesce(to_timestamp(%(caught_up)s), caught_up_at),
    read_at = clock_timestamp()
where source_id = %(source_id)s
    and generation = %(generation)s
    and binlog_file = %(from_file)s
    and binlog_offset = %(from_offset)s;

-- name: add_schema_change
insert into sch_chameleon.schema_changes
    (batch_id, segment, table_id, kind, structure_id, change, statement, binlog_file, binlog_offset)
values
    (%(batch_id)s, %(segment)s, %(table_id)s, %(kind)s, %(structure_id)s, %(change)s, %(statement)s, %(file)s, %(offset)s);

-- name: switch_log
-- The other log table is empty: write there, so that this one can be emptied when its batches are old enough.
update sch_chameleon.checkpoints c
set log_number = 3 - log_number
where source_id = %(source_id)s
    and generation = %(generation)s
    and not exists (
        select 1
        from sch_chameleon.batches b
        where b.source_id = c.source_id
            and b.log_number = 3 - c.log_number
    )
    and exists (
        select 1
        from sch_chameleon.batches b
        where b.source_id = c.source_id
            and b.log_number = c.log_number
            and b.stored_at < clock_timestamp() - %(age)s
    )
returning log_number;

-- name: idle_log
-- The log table that is not written to, if all that it holds is replayed and old enough.
select 3 - c.log_number
from sch_chameleon.checkpoints c
where c.source_id = %(source_id)s
    and exists (
        select 1
        from sch_chameleon.batches b
        where b.source_id = c.source_id
            and b.log_number = 3 - c.log_number
    )
    and not exists (
        select 1
        from sch_chameleon.batches b
        where b.source_id = c.source_id
            and b.log_number = 3 - c.log_number
            and (b.replayed_at is null or b.replayed_at > clock_timestamp() - %(retention)s)
    );

-- name: forget
delete from sch_chameleon.batches
where source_id = %(source_id)s
    and log_number = %(log_number)s;

-- name: counts
select
    count(*) filter (where operation = 'i'),
    count(*) filter (where operation = 'u'),
    count(*) filter (where operation = 'd'),
    count(*) filter (where operation = 'p'),
    count(*) filter (where operation = 'o'),
    min(h.batch_id),
    max(h.batch_id),
    coalesce(
        (select b.binlog_file from sch_chameleon.batches b where b.batch_id = max(h.batch_id)),
        (
            select c.binlog_file
            from sch_chameleon.checkpoints c
            join sch_chameleon.tables t using (source_id)
            where t.table_id = max(h.table_id)
        )
    )
from sch_chameleon.held_rows h
where h.table_id = %s;

-- name: forget
delete from sch_chameleon.held_rows
where table_id = %s;

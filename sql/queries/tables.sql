-- name: newest
-- The tables of a source with the newest structure of each, from which the read process continues.
select
    t.table_id, t.source_schema, t.source_table, t.target_schema, t.target_table, t.state, t.reason,
    t.start_file, t.start_offset, s.structure_id, s.structure
from sch_chameleon.tables t
join lateral (
    select structure_id, structure
    from sch_chameleon.structures
    where table_id = t.table_id
    order by structure_id desc
    limit 1
) s on true
where t.source_id = %s
    and t.state <> 'dropped'
    and not t.ended
order by t.table_id;

-- name: replayed
-- The same tables with the newest structure that the target has, from which the replay process continues.
select
    t.table_id, t.source_schema, t.source_table, t.target_schema, t.target_table, t.state, t.reason,
    t.start_file, t.start_offset, s.structure_id, s.structure
from sch_chameleon.tables t
join lateral (
    select structure_id, structure
    from sch_chameleon.structures
    where table_id = t.table_id
        and replayed
    order by structure_id desc
    limit 1
) s on true
where t.source_id = %s
    and t.state <> 'dropped'
order by t.table_id;

-- name: add
insert into sch_chameleon.tables
    (source_id, source_schema, source_table, target_schema, target_table, state, copy_id, start_file, start_offset)
values
    (%(source_id)s, %(schema)s, %(table)s, %(target_schema)s, %(target_table)s, %(state)s, %(copy_id)s, %(file)s, %(offset)s)
returning table_id;

-- name: add_structure
insert into sch_chameleon.structures (table_id, binlog_file, binlog_offset, structure, replayed)
values (%(table_id)s, %(file)s, %(offset)s, %(structure)s, %(replayed)s)
returning structure_id;

-- name: set_replayed
update sch_chameleon.structures
set replayed = true
where structure_id = %s;

-- name: set_state
update sch_chameleon.tables
set state = %(state)s,
    reason = null,
    state_since = clock_timestamp()
where table_id = %(table_id)s;

-- name: set_copied
update sch_chameleon.tables
set state = 'copied',
    rows_copied = %(rows)s,
    state_since = clock_timestamp()
where table_id = %(table_id)s
    and state = 'copying';

-- name: set_start
update sch_chameleon.tables
set start_file = %(file)s,
    start_offset = %(offset)s
where table_id = %(table_id)s;

-- name: quarantine
update sch_chameleon.tables
set state = 'quarantined',
    reason = %(reason)s,
    failed_file = %(file)s,
    failed_offset = %(offset)s,
    state_since = clock_timestamp()
where table_id = %(table_id)s
    and state in ('replicated', 'copying', 'copied');

-- name: rename_source
-- The read process follows the name at once, the replay process renames the target when it comes to it.
update sch_chameleon.tables
set source_schema = %(schema)s,
    source_table = %(table)s
where table_id = %(table_id)s;

-- name: rename_target
update sch_chameleon.tables
set target_schema = %(schema)s,
    target_table = %(table)s
where table_id = %(table_id)s;

-- name: end
update sch_chameleon.tables
set ended = true
where table_id = %s;

-- name: drop_schema
update sch_chameleon.tables
set state = 'dropped',
    reason = 'its schema is no longer mapped',
    state_since = clock_timestamp()
where source_id = %s
    and source_schema = %s
    and state <> 'dropped';

-- name: quarantined
select
    source_schema, source_table, state, reason, failed_file, failed_offset, state_since
from sch_chameleon.tables
where source_id = %s
    and state = 'quarantined'
order by source_schema, source_table;

-- name: by_structure
select
    t.table_id, t.source_schema, t.source_table, t.target_schema, t.target_table, t.state, t.reason,
    t.start_file, t.start_offset, s.structure_id, s.structure
from sch_chameleon.structures s
join sch_chameleon.tables t using (table_id)
where s.structure_id = %s;

-- name: forget_starts
-- Positions of snapshots that the checkpoint has passed: after a change of the source server they would mislead.
update sch_chameleon.tables t
set start_file = null,
    start_offset = null
from sch_chameleon.checkpoints c
where t.source_id = %(source_id)s
    and c.source_id = t.source_id
    and t.state in ('replicated', 'filtered', 'quarantined')
    and t.start_file is not null
    and (substring(c.binlog_file from '\d+$')::bigint, c.binlog_offset)
        >= (substring(t.start_file from '\d+$')::bigint, t.start_offset);

-- name: forget_consistency
update sch_chameleon.sources s
set consistent_file = null,
    consistent_offset = null
from sch_chameleon.replays r
where s.source_id = %(source_id)s
    and r.source_id = s.source_id
    and s.consistent_file is not null
    and (substring(r.binlog_file from '\d+$')::bigint, r.binlog_offset)
        >= (substring(s.consistent_file from '\d+$')::bigint, s.consistent_offset);

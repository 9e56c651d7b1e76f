-- name: all
select
    source_id, name, type, status, status_reason
from sch_chameleon.sources
order by source_id;

-- name: by_name
select
    source_id, name, type, status, status_reason
from sch_chameleon.sources
where name = %s;

-- name: add
insert into sch_chameleon.sources (name, type)
values (%s, %s)
returning source_id;

-- name: add_checkpoint
insert into sch_chameleon.checkpoints (source_id)
values (%s);

-- name: add_replay
insert into sch_chameleon.replays (source_id)
values (%s);

-- name: create_log_tables
select sch_chameleon.create_log_tables(%s);

-- name: drop_log_tables
select sch_chameleon.drop_log_tables(%s);

-- name: remove
delete from sch_chameleon.sources
where source_id = %s;

-- name: remove_held_rows
delete from sch_chameleon.held_rows
where table_id in (select table_id from sch_chameleon.tables where source_id = %s);

-- name: mappings
select
    source_schema, target_schema
from sch_chameleon.mappings
where source_id = %s
order by source_schema;

-- name: mapping_owner
select s.name
from sch_chameleon.mappings m
join sch_chameleon.sources s using (source_id)
where m.target_schema = %s
    and m.source_id <> %s;

-- name: add_mapping
insert into sch_chameleon.mappings (source_id, source_schema, target_schema)
values (%s, %s, %s);

-- name: remove_mapping
delete from sch_chameleon.mappings
where source_id = %s
    and source_schema = %s;

-- name: rename_mapping
update sch_chameleon.mappings
set target_schema = %(target)s
where source_id = %(source_id)s
    and source_schema = %(schema)s;

-- name: schema_defaults
select source_schema, default_charset, default_collation
from sch_chameleon.mappings
where source_id = %s
    and default_charset is not null;

-- name: set_schema_default
update sch_chameleon.mappings
set default_charset = %(charset)s,
    default_collation = %(collation)s
where source_id = %(source_id)s
    and source_schema = %(schema)s;

-- name: server
select server_version
from sch_chameleon.sources
where source_id = %s;

-- name: record_server
update sch_chameleon.sources
set server_version = %(version)s
where source_id = %(source_id)s
    and server_version is distinct from %(version)s;

-- name: rename_tables
update sch_chameleon.tables
set target_schema = %(target)s
where source_id = %(source_id)s
    and source_schema = %(schema)s;

-- name: set_status
update sch_chameleon.sources
set status = %(status)s,
    status_reason = %(reason)s
where source_id = %(source_id)s;

-- name: set_consistent_from
update sch_chameleon.sources
set consistent_file = %(file)s,
    consistent_offset = %(offset)s
where source_id = %(source_id)s;

-- name: set_maintained
update sch_chameleon.sources
set last_maintenance = clock_timestamp()
where source_id = %s;

-- name: checkpoint
select
    generation, binlog_file, binlog_offset, binlog_mark, gtid_set, log_number
from sch_chameleon.checkpoints
where source_id = %s;

-- name: lock_checkpoint
select
    generation, binlog_file, binlog_offset, binlog_mark, gtid_set, log_number
from sch_chameleon.checkpoints
where source_id = %s
for update;

-- name: bump_generation
update sch_chameleon.checkpoints
set generation = generation + 1
where source_id = %s;

-- name: reset_checkpoint
update sch_chameleon.checkpoints
set generation = generation + 1,
    binlog_file = %(file)s,
    binlog_offset = %(offset)s,
    binlog_mark = %(file_mark)s,
    gtid_set = %(gtid)s,
    last_commit_at = null,
    caught_up_at = null,
    read_at = null
where source_id = %(source_id)s;

-- name: reset_replay
update sch_chameleon.replays
set binlog_file = %(file)s,
    binlog_offset = %(offset)s,
    last_commit_at = null,
    replayed_at = null
where source_id = %(source_id)s;

-- name: maintenance_due
select coalesce(last_maintenance, added_at) < clock_timestamp() - %(every)s
from sch_chameleon.sources
where source_id = %(source_id)s;

-- name: forget
delete from sch_chameleon.prepared_rows
where source_id = %(source_id)s
    and xid = %(xid)s;

-- name: counts
select
    table_id,
    count(*) filter (where operation = 'i'),
    count(*) filter (where operation = 'u'),
    count(*) filter (where operation = 'd'),
    count(*) filter (where operation = 'p'),
    count(*) filter (where operation = 'o')
from sch_chameleon.prepared_rows
where source_id = %(source_id)s
    and xid = %(xid)s
    and table_id <> 0
group by table_id;

-- name: mark
insert into sch_chameleon.prepared_rows
    (source_id, xid, sequence, table_id, operation, key, image, binlog_file, binlog_offset)
values
    (%(source_id)s, %(xid)s, 0, 0, 'x', %(touched)s, %(notes)s, 0, 0);

-- name: touched
select max(key) filter (where table_id = 0), array_agg(distinct table_id)
from sch_chameleon.prepared_rows
where source_id = %(source_id)s
    and xid = %(xid)s;

-- name: undecided
select distinct xid
from sch_chameleon.prepared_rows
where source_id = %s
order by xid;

-- name: notes
select image
from sch_chameleon.prepared_rows
where source_id = %(source_id)s
    and xid = %(xid)s
    and table_id = 0;

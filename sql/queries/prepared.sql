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
    count(*) filter (where operation = 'p')
from sch_chameleon.prepared_rows
where source_id = %(source_id)s
    and xid = %(xid)s
group by table_id;

-- Rows with dates that the calendar does not have are not lost; the dates become NULL.
set session sql_mode = '';
create table t (
    id int primary key,
    d date,
    must date not null,
    dt datetime(3) not null default '0000-00-00 00:00:00',
    ts timestamp null
);
insert into t values
    (1, '0000-00-00', '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00'),
    (2, '2024-00-15', '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00'),
    (3, null, '2024-02-29', '2024-02-29 23:59:59.999', null);

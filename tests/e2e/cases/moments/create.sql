-- Moments keep their fraction, and timestamps their instant, whatever the time zone of the session.
set session time_zone = '+05:30';
create table t (id int primary key, d date, dt datetime, dt6 datetime(6), ts timestamp null, ts3 timestamp(3) null, changed timestamp not null default current_timestamp on update current_timestamp);
insert into t (id, d, dt, dt6, ts, ts3) values
    (1, '1000-01-01', '1000-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1970-01-02 00:00:01', '2038-01-19 08:44:07.999'),
    (2, '1582-10-10', '2024-03-31 02:30:00', '2024-03-31 02:30:00.000001', '2024-03-31 02:30:00', '2024-10-27 02:30:00.5'),
    (3, null, null, null, null, null);

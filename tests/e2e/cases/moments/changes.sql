set session time_zone = '-08:00';
insert into t (id, d, dt, dt6, ts, ts3) select id + 10, d, dt, dt6, ts, ts3 from t;
set session time_zone = '+12:00';
update t set ts = '2024-07-01 00:00:00', dt = '2024-07-01 00:00:00' where id = 3;
update t set d = '9999-12-31' where id = 1;

insert into t select id + 10, t0, t6 from t;
update t set t0 = '-25:30:00', t6 = '99:59:59.5' where id = 4;
update t set t0 = '100:00:00' where t0 = '25:00:00';

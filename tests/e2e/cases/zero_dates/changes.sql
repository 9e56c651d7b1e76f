set session sql_mode = '';
insert into t values (4, '0000-00-00', '0000-00-00', '2024-10-00 00:00:00', '0000-00-00 00:00:00');
insert into t (id, must) values (5, '2024-01-01');
update t set d = '0000-00-00' where id = 3;
update t set must = '2024-03-01', dt = '2024-03-01 12:00:00' where id = 2;
delete from t where id = 1;

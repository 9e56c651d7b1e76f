delete from t where a = 1 limit 1;
update t set b = 'y' where a = 2 limit 1;
insert into t values (3, 'NULL', 0.1, null, ''), (4, '', -0.5, '2024-02-29 12:00:00', x'5c');
update t set a = a + 1;
update u set b = 3 where a is null limit 1;
delete from u where a is null and b = 2;
insert into u values (null, 3), (2, 2);

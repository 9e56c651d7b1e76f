set session sql_mode = '';
insert into t (id, same) values (5, 'y');
insert into t values (6, 'nonsense', 'x', 'one,two,th''ree,x y');
update t set e = 'UPPER', s = 'two' where id = 3;
update u set same = 'y';
insert into u values (2, null), (3, 'bad');
delete from t where id = 4;

insert into t (id, a, name) values (3, 3, 'three');
update t set a = 5 where id = 1;
update t set a = 6, name = 'ß' where id = 2;
delete from t where id = 3;
insert into t (id, a) values (4, 4);

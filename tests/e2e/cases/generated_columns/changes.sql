insert into t (id, a, name, price) values (3, 3, 'three', 0.067);
update t set a = 5 where id = 1;
update t set a = 6, name = 'ß', price = -0.333 where id = 2;
delete from t where id = 3;
alter table t add column c int generated always as (a + 1) stored;
insert into t (id, a) values (4, 4);

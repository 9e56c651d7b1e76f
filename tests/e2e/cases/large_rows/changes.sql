insert into t (v, x) select a.d + 10 * b.d + 100 * c.d + 1000 * e.d, 'many' from digits a, digits b, digits c, digits e;
update t set v = v + 1 where x = 'many';
update t set x = repeat('x', 2000000) where id = 1;
insert into t (v, x, b) values (2, repeat('\\', 500000), repeat('\'', 500000));
delete from t where v % 3 = 0;

insert into t select id + 10, v, c, b, x from t;
update t set v = 'NULL', x = null where id = 11;
update t set v = null, x = 'null' where id = 12;
delete from t where id = 3;

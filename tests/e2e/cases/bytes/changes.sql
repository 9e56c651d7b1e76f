insert into t select id + 10, b, l, v, f from t;
update t set f = x'0a00' where id = 1;
update t set b = repeat(x'00ff', 30000), l = repeat(x'5c', 500000), v = x'0000' where id = 2;
delete from t where id = 4;

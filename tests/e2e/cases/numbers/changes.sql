insert into t select id - 9223372036854775808 + 5, ti, si, mi, i, s, z, flag, d, du, f * 0.7, g / 3, y from t where id > 9223372036854775808;
update t set id = 18446744073709551614, ti = 254, i = 4294967294 where id = 18446744073709551615;
update t set f = 1 / 3, g = 1 / 3e0, d = d * 2 where id in (0, 9223372036854775808);
delete from t where id = 1;

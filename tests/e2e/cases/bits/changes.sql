insert into t select id + 10, b1, b3, b8, b12, b64 from t;
insert into t (id) values (30);
update t set b3 = b'110', b12 = b'100000000001' where id = 1;
update t set b64 = b64 ^ 255 where id = 2;

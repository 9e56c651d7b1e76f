insert into t select id + 10, j, k from t;
update t set j = json_set(j, '$.c', 'näw'), k = json_object('x', id) where id = 1;
update t set j = json_array_append(j, '$', 12345678901234567890) where id = 4;
update t set j = null where id = 2;
delete from t where id = 3;

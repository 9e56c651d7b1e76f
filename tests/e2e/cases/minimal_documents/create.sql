-- Documents of which the binlog holds neither the state before nor the one after.
create table t (id int primary key, doc json, other json, note varchar(10) default 'n');
insert into t (id, doc, other) values
    (1, '{"a": [1, 2, {"b": {"c": [true, null]}}], "long": "text that makes a change in place worth it", "n": 12345678901234567890}', '[1, 2, 3, "text that makes a change in place worth it"]'),
    (2, '{"0": "zero", "a\\"b": {"": [0]}, "long": "text that makes a change in place worth it", "é 🐬": "dolphin"}', null);

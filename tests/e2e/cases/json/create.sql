-- JSON documents keep their big numbers, their unicode, and null apart from NULL.
create table t (id int primary key, j json, k json not null);
insert into t values
    (1, '{"b": 1, "a": [true, null, 1.5, -0.25]}', '[]'),
    (2, 'null', '{}'),
    (3, null, '"text \\u00e9 \\ud83d\\udc2c \\" \\\\"'),
    (4, '[9007199254740993, 18446744073709551615, -9223372036854775808, 1e100]', '0');

-- Large values, and many rows in one statement.
create table t (id int auto_increment primary key, v int, x longtext, b longblob);
insert into t (v, x, b) values (1, repeat('ä🐬', 300000), repeat(x'00ff', 700000));
create table digits (d int primary key);
insert into digits values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);

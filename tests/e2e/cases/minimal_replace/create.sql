-- REPLACE sets what it does not name to its default.
create table t (id int primary key, a int default 5, b text, c int not null default 7);
insert into t values (1, 1, 'one', 1), (2, 2, 'two', 2), (3, 3, null, 3);

-- The structure is the same after ALTER TABLE, but the rows are not.
create table t (id int primary key, a int, b int, c varchar(5) default 'x', key k (b));
insert into t values (1, 1, 2, 'one'), (2, 3, 4, 'two');
create table s (id int primary key, a int, b int, e enum('x', 'y'), f enum('x', 'y'), key k (a), key l (b, a));
insert into s values (1, 1, 2, 'x', 'y'), (2, 3, 4, null, 'y');

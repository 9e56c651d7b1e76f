-- Only the end of a transaction has to obey the unique keys of the target, not each step on the way.
create table t (id int primary key, n int not null, s varchar(10), unique key n (n), unique key s (s));
insert into t values (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, 4, null), (5, 5, null);

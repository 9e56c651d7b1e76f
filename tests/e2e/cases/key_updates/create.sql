-- Keys that change, in circles and to keys that were just given up.
create table t (id int primary key, v varchar(20));
insert into t values (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four');
create table c (a int, b varchar(10), v int, primary key (a, b));
insert into c values (1, 'x', 1), (1, 'y', 2), (2, 'x', 3);

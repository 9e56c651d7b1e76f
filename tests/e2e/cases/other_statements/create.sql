-- Statements that are none of ours pass by without stopping anything.
create table t (id int primary key, v int);
insert into t values (1, 1);

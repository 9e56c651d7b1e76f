-- What XA prepares comes only when it is committed.
create table t (id int primary key, v int);
insert into t values (1, 1);

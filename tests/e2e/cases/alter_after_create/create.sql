-- A table that is made, altered and filled at once.
create table t (id int primary key);
insert into t values (1);

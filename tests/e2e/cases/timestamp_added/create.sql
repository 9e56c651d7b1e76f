-- The columns that frameworks add to every table: the rows that are there get the moment of the statement.
create table t (id int primary key);
insert into t values (1), (2);

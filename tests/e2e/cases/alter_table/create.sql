-- The everyday changes of a table, with rows before, between and after.
create table t (id int auto_increment primary key, a int, b varchar(10) not null default 'b', c decimal(6,2), d datetime);
insert into t (a, b, c) values (1, 'one', 1.25), (2, 'two', null);

-- Roll-backs, savepoints, statements over several tables.
create table t (id int primary key, v int);
create table u (id int primary key, t_id int);
insert into t values (1, 1), (2, 2), (3, 3);
insert into u values (1, 1), (2, 2), (3, 3);

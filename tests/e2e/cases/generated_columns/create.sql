-- Columns that the source computes.
create table t (
    id int primary key,
    a int,
    doubled int generated always as (a * 2) stored,
    tripled int generated always as (a * 3) virtual,
    name varchar(20),
    upper_name varchar(20) generated always as (upper(name)) stored,
    index (doubled)
);
insert into t (id, a, name) values (1, 1, 'é'), (2, null, null);

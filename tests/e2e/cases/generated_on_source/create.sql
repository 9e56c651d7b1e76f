-- Columns that only the source computes.
create table t (
    id int primary key,
    a int,
    doubled int generated always as (a * 2) stored,
    name varchar(20),
    upper_name varchar(20) generated always as (upper(name)) stored,
    length int generated always as (length(name)) virtual,
    index (doubled),
    unique (upper_name)
);
insert into t (id, a, name) values (1, 1, 'é'), (2, null, null);

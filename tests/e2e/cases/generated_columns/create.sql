-- Columns that the target computes too.
create table t (
    id int primary key,
    a int,
    doubled int generated always as (a * 2) stored,
    tripled int generated always as (a * 3) virtual,
    price decimal(8,3),
    tax decimal(8,2) generated always as (round(price * 0.075, 2)) stored,
    name varchar(20)
);
insert into t (id, a, name, price) values (1, 1, 'é', -0.2), (2, null, null, 0.2), (7, 7, null, 1234.567);

-- A table without a key is replicated by whole rows, also by those that are there twice.
create table t (a int, b varchar(20), f float, d datetime(3), x blob);
insert into t values (1, 'x', 1.1, '2024-01-01 00:00:00.123', x'00ff'), (1, 'x', 1.1, '2024-01-01 00:00:00.123', x'00ff'), (2, null, null, null, null), (2, null, null, null, null), (3, 'NULL', 0.1, null, '');
create table u (a int, b int not null, unique key (a));
insert into u values (1, 1), (null, 2), (null, 2);

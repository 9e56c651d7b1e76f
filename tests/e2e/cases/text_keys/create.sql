-- For the source, keys that differ in case are one; for the target they are two.
create table t (k varchar(20) collate utf8mb4_general_ci primary key, v int);
insert into t values ('abc', 1), ('Straße', 2), ('été', 3), ('NULL', 4), ('', 5);

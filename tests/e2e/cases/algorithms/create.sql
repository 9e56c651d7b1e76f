-- How the server is to change a table is nothing that the replica has to know.
create table t (id int auto_increment primary key, v varchar(20), n int);
insert into t (v, n) values ('a', 1), ('b', 2);

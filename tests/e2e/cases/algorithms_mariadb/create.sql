-- MariaDB's own ways, ALTERs in two phases of the binlog among them.
create table t (id int auto_increment primary key, v varchar(20), n int);
insert into t (v, n) values ('a', 1), ('b', 2);

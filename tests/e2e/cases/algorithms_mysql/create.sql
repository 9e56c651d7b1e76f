-- MySQL changes some structures at an instant, at any place of the columns.
create table t (id int auto_increment primary key, v varchar(20), n int);
insert into t (v, n) values ('a', 1), ('b', 2);

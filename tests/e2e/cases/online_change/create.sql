-- The way of gh-ost and pt-online-schema-change: a shadow table, filled, then swapped in by RENAME.
create table t (id int auto_increment primary key, v varchar(20));
insert into t (v) values ('a'), ('b'), ('c');

-- NUL characters in what a statement says: comments, defaults, members; PostgreSQL has none.
create table t (id int primary key, a binary(3) not null default '', b varchar(9) default 'x\0y' comment 'one\0two', key k (b) comment '\0') comment 'three\0';
insert into t (id, b) values (1, 'z');

-- Indexes of every kind come and go, and the table stays in the replica.
create table t (id int auto_increment primary key, a int, b varchar(200), c text, d datetime);
insert into t (a, b, c) values (1, 'x', 'words to find'), (2, 'y', 'more words');

-- A table that is made and filled by one statement, and what becomes of it.
create table source_rows (id int primary key, v varchar(20));
insert into source_rows values (1, 'one'), (2, 'two'), (3, null);

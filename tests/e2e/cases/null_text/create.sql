-- The text NULL, the text \N and the empty text are not SQL NULL.
create table t (id int primary key, v varchar(20), c char(10), b varbinary(10), x text);
insert into t values
    (1, 'NULL', 'NULL', 'NULL', 'NULL'),
    (2, '\\N', '\\N', '\\N', '\\N'),
    (3, '', '', '', ''),
    (4, null, null, null, null),
    (5, '"', '''', '\\', 'a\tb\nc\rd\\.');

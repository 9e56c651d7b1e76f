insert into t values (4, '🐬', '🪁');
update t set e = '🐬' where id = 3;

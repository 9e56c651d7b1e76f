alter table t drop a, add a int after id;
alter table t drop c, add c varchar(5) default 'x';
insert into t values (3, 5, 6, 'three');
update t set b = 7 where id = 1;
alter table s change a b int after id, change b a int after id;
update s set a = 9 where id = 1;
alter table s change e f enum('x', 'y'), change f e enum('x', 'y') after a;
insert into s (id, a, b, e, f) values (3, 5, 6, 'x', 'y');

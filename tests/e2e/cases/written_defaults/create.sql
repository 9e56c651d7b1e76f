-- Defaults that the servers store differently from how they are written: new columns, and what an INSERT omits.
create table t (id int primary key);
insert into t values (1), (2);
set session time_zone = '+05:00';
create table copied (id int primary key, a timestamp not null default '2020-07-01 12:00:00');
insert into copied (id) values (1);
create table whole (id int primary key);
insert into whole values (1);

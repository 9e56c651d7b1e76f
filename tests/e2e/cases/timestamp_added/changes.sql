alter table t add column created_at timestamp not null default current_timestamp;
alter table t add column changed_at datetime(3) null default current_timestamp(3) on update current_timestamp(3);
insert into t (id) values (3);
set session time_zone = 'SYSTEM';
alter table t add column seen_at datetime(6) not null default current_timestamp(6);
set session time_zone = '-03:30';
alter table t add column told_at datetime not null default current_timestamp;
alter table t modify seen_at timestamp(2) not null default current_timestamp(2);
insert into t (id) values (4);

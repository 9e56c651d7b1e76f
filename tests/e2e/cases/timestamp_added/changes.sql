alter table t add column created_at timestamp not null default current_timestamp;
alter table t add column changed_at datetime(3) null default current_timestamp(3) on update current_timestamp(3);
insert into t (id) values (3);

alter table `flights` add `created_at` timestamp null, add `updated_at` timestamp null;
insert into `flights` (`name`, `created_at`, `updated_at`) values ('three', '2024-01-02 03:04:05', '2024-01-02 03:04:05');
alter table `flights` add `deleted_at` timestamp null;
update `flights` set `deleted_at` = '2024-02-03 04:05:06' where `name` = 'one';
alter table `flights` add `arrived_at` timestamp not null default CURRENT_TIMESTAMP after `name`;
insert into `flights` (`name`) values ('four');
alter table `flights` modify `created_at` timestamp(3) null;
update `flights` set `created_at` = '2024-02-03 04:05:06.789' where `created_at` is null;

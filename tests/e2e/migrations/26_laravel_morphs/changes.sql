alter table `images` add `imageable_type` varchar(255) not null, add `imageable_id` bigint unsigned not null;
alter table `images` add index `images_imageable_type_imageable_id_index`(`imageable_type`, `imageable_id`);
update `images` set `imageable_type` = 'App\\Models\\Post', `imageable_id` = `id`;
create table `tokens` (`id` char(36) not null primary key, `tokenable_type` varchar(255) null, `tokenable_id` char(36) null, `abilities` text null, `expires_at` timestamp null, index `tokens_tokenable_type_tokenable_id_index`(`tokenable_type`, `tokenable_id`));
insert into `tokens` values ('9a0b1c2d-0000-4000-8000-000000000001', 'App\\Models\\User', '9a0b1c2d-0000-4000-8000-000000000002', '["*"]', '2024-01-01 00:00:00');
insert into `images` (`url`, `imageable_type`, `imageable_id`) values ('/c', 'App\\Models\\User', 5);
alter table `images` drop index `images_imageable_type_imageable_id_index`;
alter table `images` modify `imageable_id` char(36) not null;
insert into `images` (`url`, `imageable_type`, `imageable_id`) values ('/d', 'x', '9a0b1c2d-0000-4000-8000-000000000003');

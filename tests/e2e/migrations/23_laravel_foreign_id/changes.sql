alter table `members` add `team_id` bigint unsigned null;
alter table `members` add constraint `members_team_id_foreign` foreign key (`team_id`) references `teams` (`id`) on delete set null;
update `members` set `team_id` = 1;
insert into `members` (`name`, `team_id`) values ('c', 2);
alter table `members` drop foreign key `members_team_id_foreign`;
alter table `members` add `coach_id` bigint unsigned null after `team_id`, add index `members_coach_id_index`(`coach_id`);
update `members` set `coach_id` = 18446744073709551 where `name` = 'c';
alter table `members` drop `team_id`;
insert into `members` (`name`, `coach_id`) values ('d', 7);

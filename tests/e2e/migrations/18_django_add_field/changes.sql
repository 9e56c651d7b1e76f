ALTER TABLE `app_ticket` ADD COLUMN `status` varchar(10) DEFAULT 'open' NOT NULL;
ALTER TABLE `app_ticket` ALTER COLUMN `status` DROP DEFAULT;
INSERT INTO `app_ticket` (`title`, `status`) VALUES ('c', 'closed');
ALTER TABLE `app_ticket` ADD COLUMN `created` datetime(6) DEFAULT '2024-01-01 00:00:00.000000' NOT NULL;
ALTER TABLE `app_ticket` ALTER COLUMN `created` DROP DEFAULT;
INSERT INTO `app_ticket` (`title`, `status`, `created`) VALUES ('d', 'open', '2024-06-07 08:09:10.111213');
ALTER TABLE `app_ticket` ADD COLUMN `weight` numeric(5, 2) DEFAULT '1.50' NOT NULL, ALTER COLUMN `title` SET DEFAULT '';
UPDATE `app_ticket` SET `weight` = 2 WHERE `status` = 'open';

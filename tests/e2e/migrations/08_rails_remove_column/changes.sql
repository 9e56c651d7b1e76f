ALTER TABLE `visits` DROP COLUMN `note`;
INSERT INTO `visits` (`ip`) VALUES ('10.0.0.2');
ALTER TABLE `visits` DROP FOREIGN KEY `fk_rails_1`;
DROP INDEX `index_visits_on_ip_and_shop_id` ON `visits`;
ALTER TABLE `visits` DROP COLUMN `shop_id`;
UPDATE `visits` SET `ip` = '10.0.0.9' WHERE `id` = 1;
INSERT INTO `visits` (`ip`) VALUES ('10.0.0.3');

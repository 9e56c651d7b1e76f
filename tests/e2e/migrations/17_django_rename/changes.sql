ALTER TABLE `app_entry` CHANGE `pub` `published_on` date NOT NULL;
INSERT INTO `app_entry` (`published_on`) VALUES ('2024-03-01');
RENAME TABLE `app_kind` TO `app_category`;
ALTER TABLE `app_entry` CHANGE `kind_id` `category_id` bigint NULL;
INSERT INTO `app_category` (`name`) VALUES ('l');
UPDATE `app_entry` SET `category_id` = 2 WHERE `category_id` IS NULL;
RENAME TABLE `app_entry` TO `blog_entry`;
DELETE FROM `blog_entry` WHERE `published_on` = '1999-12-31';

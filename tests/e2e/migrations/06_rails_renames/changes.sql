ALTER TABLE `people` RENAME COLUMN `surname` TO `last_name`;
ALTER TABLE `people` RENAME INDEX `index_people_on_surname` TO `index_people_on_last_name`;
INSERT INTO `people` (`last_name`) VALUES ('c');
RENAME TABLE `people` TO `contacts`;
ALTER TABLE `contacts` RENAME INDEX `index_people_on_company_id` TO `index_contacts_on_company_id`, RENAME INDEX `index_people_on_last_name` TO `index_contacts_on_last_name`;
INSERT INTO `contacts` (`last_name`, `company_id`) VALUES ('d', 4);
UPDATE `contacts` SET `company_id` = 5 WHERE `last_name` = 'a';

-- Rails: rename_column, rename_table and the renamed index of each
CREATE TABLE `people` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `surname` varchar(100), `company_id` bigint, KEY `index_people_on_company_id` (`company_id`), KEY `index_people_on_surname` (`surname`));
INSERT INTO `people` (`surname`, `company_id`) VALUES ('a', 1), ('b', NULL);

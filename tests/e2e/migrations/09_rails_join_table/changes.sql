CREATE TABLE `assemblies_parts` (`assembly_id` bigint NOT NULL, `part_id` bigint NOT NULL, INDEX `index_assemblies_parts_on_part_id` (`part_id`));
INSERT INTO `assemblies_parts` VALUES (1, 1), (1, 1), (2, 1), (2, 2);
DELETE FROM `assemblies_parts` WHERE `assembly_id` = 1 LIMIT 1;
ALTER TABLE `assemblies_parts` ADD `quantity` int DEFAULT 1 NOT NULL;
UPDATE `assemblies_parts` SET `quantity` = 3 WHERE `assembly_id` = 2;
CREATE UNIQUE INDEX `index_assemblies_parts_on_both` ON `assemblies_parts` (`assembly_id`, `part_id`);
INSERT INTO `assemblies_parts` (`assembly_id`, `part_id`) VALUES (3, 3);
UPDATE `assemblies_parts` SET `part_id` = 4 WHERE `assembly_id` = 3;

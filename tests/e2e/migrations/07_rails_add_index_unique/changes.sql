CREATE UNIQUE INDEX `index_tags_on_name_and_context` ON `tags` (`name`(100), `context`);
INSERT INTO `tags` (`name`, `context`, `position`) VALUES ('c', 'y', 4);
CREATE INDEX `index_tags_on_position` ON `tags` (`position` DESC, `id`) ALGORITHM = INPLACE;
DROP INDEX `index_tags_on_context` ON `tags`;
UPDATE `tags` SET `name` = CONCAT(`name`, `id`);
ALTER TABLE `tags` ADD UNIQUE INDEX `index_tags_on_position_unique` (`position`);
DELETE FROM `tags` WHERE `position` = 2;
INSERT INTO `tags` (`name`, `context`, `position`) VALUES ('d', 'y', 2);

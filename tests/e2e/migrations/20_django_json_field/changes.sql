ALTER TABLE `app_config` ADD COLUMN `extra` json NULL;
INSERT INTO `app_config` (`data`, `extra`) VALUES ('{}', '{"a": null, "b": [true, 1.5]}');
UPDATE `app_config` SET `extra` = '{}' WHERE `extra` IS NULL;
ALTER TABLE `app_config` MODIFY `extra` json NOT NULL;
ALTER TABLE `app_config` MODIFY `data` json NOT NULL;
INSERT INTO `app_config` (`data`, `extra`) VALUES ('{"theme": "light"}', '[]');
UPDATE `app_config` SET `data` = JSON_SET(`data`, '$.theme', 'blue') WHERE `id` = 1;

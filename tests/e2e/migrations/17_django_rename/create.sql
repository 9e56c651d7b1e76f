-- Django: RenameField, RenameModel, AlterModelTable
CREATE TABLE `app_entry` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `pub` date NOT NULL, `kind_id` bigint NULL);
CREATE TABLE `app_kind` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `name` varchar(10) NOT NULL UNIQUE);
ALTER TABLE `app_entry` ADD CONSTRAINT `app_entry_kind_id_1_fk` FOREIGN KEY (`kind_id`) REFERENCES `app_kind` (`id`);
INSERT INTO `app_kind` (`name`) VALUES ('k');
INSERT INTO `app_entry` (`pub`, `kind_id`) VALUES ('2024-02-29', 1), ('1999-12-31', NULL);

-- pt-online-schema-change: triggers, the copy in chunks, the swap, the new names of the foreign keys
CREATE TABLE `parent` (`id` int NOT NULL PRIMARY KEY);
CREATE TABLE `child` (`id` int NOT NULL AUTO_INCREMENT PRIMARY KEY, `parent_id` int, `name` varchar(10), KEY `fk` (`parent_id`), CONSTRAINT `child_fk` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`));
INSERT INTO `parent` VALUES (1), (2);
INSERT INTO `child` (`parent_id`, `name`) VALUES (1, 'a'), (2, 'b'), (NULL, 'c');

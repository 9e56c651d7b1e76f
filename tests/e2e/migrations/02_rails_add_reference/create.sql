-- Rails: add_reference with an index and a foreign key
CREATE TABLE `authors` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` varchar(255));
CREATE TABLE `books` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `title` varchar(255));
INSERT INTO `authors` (`name`) VALUES ('a'), ('b');
INSERT INTO `books` (`title`) VALUES ('x'), ('y'), ('z');

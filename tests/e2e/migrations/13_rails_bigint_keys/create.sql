-- Rails 5.1: primary and foreign keys from int to bigint
CREATE TABLE `albums` (`id` int NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` varchar(20));
CREATE TABLE `songs` (`id` int NOT NULL AUTO_INCREMENT PRIMARY KEY, `album_id` int NOT NULL, KEY `fk` (`album_id`), CONSTRAINT `fk_songs` FOREIGN KEY (`album_id`) REFERENCES `albums` (`id`));
INSERT INTO `albums` (`name`) VALUES ('a'), ('b');
INSERT INTO `songs` (`album_id`) VALUES (1), (2), (2);

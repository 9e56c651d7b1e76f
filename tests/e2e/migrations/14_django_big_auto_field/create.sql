-- Django 3.2: AutoField to BigAutoField with foreign keys
CREATE TABLE `app_author` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY, `name` varchar(100) NOT NULL);
CREATE TABLE `app_book` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY, `author_id` integer NOT NULL);
INSERT INTO `app_author` (`name`) VALUES ('a'), ('b');
INSERT INTO `app_book` (`author_id`) VALUES (1), (2);

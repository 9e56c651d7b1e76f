-- Django: AddField with a default for the rows, which the table then loses
CREATE TABLE `app_ticket` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `title` varchar(50) NOT NULL);
INSERT INTO `app_ticket` (`title`) VALUES ('a'), ('b');

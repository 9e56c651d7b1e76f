UPDATE `posts` SET `title` = '(none)' WHERE `title` IS NULL;
ALTER TABLE `posts` CHANGE `title` `title` varchar(255) NOT NULL;
INSERT INTO `posts` (`title`) VALUES ('y');
UPDATE `posts` SET `views` = 0 WHERE `views` IS NULL;
ALTER TABLE `posts` CHANGE `views` `views` int DEFAULT 0 NOT NULL;
INSERT INTO `posts` (`title`) VALUES ('z');
ALTER TABLE `posts` CHANGE `title` `title` varchar(255) DEFAULT NULL;
INSERT INTO `posts` (`title`) VALUES (NULL);

-- Rails: change_column_null with a default for the rows there are
CREATE TABLE `posts` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `title` varchar(255), `views` int);
INSERT INTO `posts` (`title`, `views`) VALUES ('x', NULL), (NULL, 3), (NULL, NULL);

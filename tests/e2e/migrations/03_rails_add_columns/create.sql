-- Rails: add_column with defaults, with NULL, and with both
CREATE TABLE `users` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `email` varchar(255) NOT NULL DEFAULT '');
INSERT INTO `users` (`email`) VALUES ('a@example.org'), ('b@example.org');

-- Rails: create_join_table, which has no key
CREATE TABLE `parts` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY);
INSERT INTO `parts` () VALUES (), ();

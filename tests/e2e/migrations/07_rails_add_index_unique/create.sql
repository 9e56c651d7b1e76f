-- Rails: add_index, unique and over several columns, with a length and an order; remove_index
CREATE TABLE `tags` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` varchar(500), `context` varchar(50), `position` int, KEY `index_tags_on_context` (`context`));
INSERT INTO `tags` (`name`, `context`, `position`) VALUES ('a', 'x', 1), ('b', 'x', 2), ('a', 'y', 3);

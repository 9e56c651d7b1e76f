-- Rails: change_column_default, there and back
CREATE TABLE `orders` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `state` varchar(20), `priority` int DEFAULT 1);
INSERT INTO `orders` (`state`) VALUES ('new');

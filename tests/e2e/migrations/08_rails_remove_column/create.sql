-- Rails: remove_column with its index, remove_reference with its foreign key
CREATE TABLE `shops` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` varchar(20));
CREATE TABLE `visits` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `shop_id` bigint, `ip` varchar(45), `note` text, KEY `index_visits_on_ip_and_shop_id` (`ip`, `shop_id`), KEY `index_visits_on_shop_id` (`shop_id`), CONSTRAINT `fk_rails_1` FOREIGN KEY (`shop_id`) REFERENCES `shops` (`id`));
INSERT INTO `shops` (`name`) VALUES ('s');
INSERT INTO `visits` (`shop_id`, `ip`, `note`) VALUES (1, '::1', 'n'), (NULL, '10.0.0.1', NULL);

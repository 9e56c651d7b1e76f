-- Laravel: ->change() of types, lengths and NULL
CREATE TABLE `products` (`id` int unsigned not null auto_increment primary key, `name` varchar(50) not null, `price` int not null, `stock` smallint unsigned null, `code` varchar(20) null);
INSERT INTO `products` (`name`, `price`, `stock`, `code`) VALUES ('a', 100, 5, '0012'), ('b', -3, NULL, '7'), ('c', 0, 65535, NULL);

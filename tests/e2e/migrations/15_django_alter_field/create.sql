-- Django: AlterField to longer and shorter texts, to and from NULL, IntegerField to others
CREATE TABLE `app_item` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `code` varchar(10) NOT NULL, `amount` integer NOT NULL, `price` numeric(6, 2) NOT NULL, `ratio` double precision NOT NULL, `flag` bool NOT NULL);
INSERT INTO `app_item` (`code`, `amount`, `price`, `ratio`, `flag`) VALUES ('a', 1, 9.99, 0.5, 1), ('b', -7, 1234.50, 1e10, 0);

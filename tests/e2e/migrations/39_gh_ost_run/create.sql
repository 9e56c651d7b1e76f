-- gh-ost: the whole of a run, with its changelog table; rows are changed between its steps
CREATE TABLE `orders` (`id` int NOT NULL AUTO_INCREMENT PRIMARY KEY, `state` varchar(10) NOT NULL, `total` int NOT NULL, KEY `state` (`state`));
INSERT INTO `orders` (`state`, `total`) VALUES ('new', 1), ('paid', 2), ('sent', 3);

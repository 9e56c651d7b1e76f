-- Django: ManyToManyField with its indexes of hashed names, created after the tables
CREATE TABLE `app_topping` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `name` varchar(30) NOT NULL);
INSERT INTO `app_topping` (`name`) VALUES ('cheese'), ('olives');

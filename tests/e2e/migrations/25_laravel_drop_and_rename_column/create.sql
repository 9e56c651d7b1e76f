-- Laravel: dropColumn() of several, renameColumn() by CHANGE
CREATE TABLE `cars` (`id` bigint unsigned not null auto_increment primary key, `model` varchar(20) not null default 'T', `colour` varchar(10) null, `doors` tinyint not null default 4, `wheels` tinyint not null default 4, key `cars_colour_doors_index` (`colour`, `doors`));
INSERT INTO `cars` (`colour`) VALUES ('black'), (NULL);

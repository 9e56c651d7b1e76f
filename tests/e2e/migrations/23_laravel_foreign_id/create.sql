-- Laravel: foreignId()->constrained(), and dropConstrainedForeignId()
CREATE TABLE `teams` (`id` bigint unsigned not null auto_increment primary key, `name` varchar(20) not null);
CREATE TABLE `members` (`id` bigint unsigned not null auto_increment primary key, `name` varchar(20) not null);
INSERT INTO `teams` (`name`) VALUES ('red'), ('blue');
INSERT INTO `members` (`name`) VALUES ('a'), ('b');

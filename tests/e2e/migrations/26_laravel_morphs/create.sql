-- Laravel: morphs() and uuids, on new and on filled tables
CREATE TABLE `images` (`id` bigint unsigned not null auto_increment primary key, `url` varchar(255) not null);
INSERT INTO `images` (`url`) VALUES ('/a'), ('/b');

-- Laravel: timestamps() and softDeletes() on a table with rows
CREATE TABLE `flights` (`id` bigint unsigned not null auto_increment primary key, `name` varchar(255) not null) default character set utf8mb4 collate 'utf8mb4_unicode_ci';
INSERT INTO `flights` (`name`) VALUES ('one'), ('two');

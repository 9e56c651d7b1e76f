-- Rails: create_table with bigint ids and timestamps(precision: 6)
CREATE TABLE `schema_migrations` (`version` varchar(255) NOT NULL PRIMARY KEY);
INSERT INTO `schema_migrations` (`version`) VALUES ('20240101000000');

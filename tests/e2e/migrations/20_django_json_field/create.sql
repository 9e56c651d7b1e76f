-- Django: JSONField, also from a TextField
CREATE TABLE `app_config` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `data` longtext NOT NULL);
INSERT INTO `app_config` (`data`) VALUES ('{"theme": "dark", "sizes": [1, 2, 3], "since": "2024-01-05"}'), ('[]'), ('"text"');

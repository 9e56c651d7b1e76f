CREATE TABLE `authors` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` varchar(255) NOT NULL, `biography` text, `rating` decimal(3,1) DEFAULT 0.0, `active` tinyint(1) DEFAULT 1 NOT NULL, `created_at` datetime(6) NOT NULL, `updated_at` datetime(6) NOT NULL);
INSERT INTO `schema_migrations` (`version`) VALUES ('20240102000000');
INSERT INTO `authors` (`name`, `biography`, `created_at`, `updated_at`) VALUES ('Ursula', 'writes', '2024-01-02 03:04:05.678901', '2024-01-02 03:04:05.678901'), ('Émile', NULL, '2024-01-02 03:04:06', '2024-01-02 03:04:06');
CREATE UNIQUE INDEX `index_authors_on_name` ON `authors` (`name`);
UPDATE `authors` SET `rating` = 9.5, `active` = 0 WHERE `name` = 'Ursula';
DELETE FROM `authors` WHERE `name` = 'Émile';
INSERT INTO `authors` (`id`, `name`, `created_at`, `updated_at`) VALUES (10, 'Toni', '2024-02-02 00:00:00.000001', '2024-02-02 00:00:00');

-- Rails 7: datetime columns get six digits, and defaults by the server
CREATE TABLE `events` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `starts_at` datetime, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL);
INSERT INTO `events` (`starts_at`, `created_at`, `updated_at`) VALUES ('2024-01-01 10:00:00', '2024-01-01 09:00:00', '2024-01-01 09:00:00'), (NULL, '2024-01-01 09:00:00', '2024-01-01 09:00:00');

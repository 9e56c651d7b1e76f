ALTER TABLE `events` CHANGE `starts_at` `starts_at` datetime(6) DEFAULT NULL;
INSERT INTO `events` (`starts_at`, `created_at`, `updated_at`) VALUES ('2024-01-01 10:00:00.123456', '2024-01-01 09:00:00', '2024-01-01 09:00:00');
ALTER TABLE `events` CHANGE `created_at` `created_at` datetime(6) DEFAULT CURRENT_TIMESTAMP(6) NOT NULL, CHANGE `updated_at` `updated_at` datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6) NOT NULL;
INSERT INTO `events` (`starts_at`) VALUES (NULL);
UPDATE `events` SET `starts_at` = '2024-01-01 10:00:00.5' WHERE `starts_at` IS NULL;
ALTER TABLE `events` ADD `seen_at` datetime(6) DEFAULT CURRENT_TIMESTAMP(6) NOT NULL;
INSERT INTO `events` (`starts_at`) VALUES ('2024-12-31 23:59:59.999999');

ALTER TABLE `users` ADD `admin` tinyint(1) DEFAULT FALSE NOT NULL;
ALTER TABLE `users` ADD `locale` varchar(5) DEFAULT 'en' NOT NULL;
ALTER TABLE `users` ADD `settings` text, ADD `sign_in_count` int DEFAULT 0 NOT NULL, ADD `last_sign_in_at` datetime(6) DEFAULT NULL;
INSERT INTO `users` (`email`, `admin`, `settings`) VALUES ('c@example.org', TRUE, '{}');
UPDATE `users` SET `last_sign_in_at` = '2024-05-06 07:08:09.000123', `sign_in_count` = 1 WHERE `id` = 1;
ALTER TABLE `users` ADD `balance` decimal(10,2) DEFAULT '0.0';
ALTER TABLE `users` ADD `uuid` char(36) CHARACTER SET ascii;
UPDATE `users` SET `uuid` = '01234567-89ab-cdef-0123-456789abcdef' WHERE `id` = 2;

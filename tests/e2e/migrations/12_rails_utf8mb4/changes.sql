ALTER TABLE `profiles` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
INSERT INTO `profiles` (`nickname`, `about`, `kind`) VALUES ('🐬', '漢字', 'bot');
ALTER TABLE `profiles` MODIFY `about` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
UPDATE `profiles` SET `about` = '🧭' WHERE `nickname` = 'é';
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE `notes` (`id` int NOT NULL PRIMARY KEY, `text` varchar(100));
INSERT INTO `notes` VALUES (1, '👩‍🚀');

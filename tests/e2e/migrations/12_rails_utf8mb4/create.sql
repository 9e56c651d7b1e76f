-- Rails: every table to utf8mb4, as the upgrade guides say
CREATE TABLE `profiles` (`id` int NOT NULL AUTO_INCREMENT PRIMARY KEY, `nickname` varchar(191) NOT NULL DEFAULT 'me', `about` text, `kind` enum('person','bot') NOT NULL DEFAULT 'person', UNIQUE KEY `nickname` (`nickname`)) CHARACTER SET latin1;
INSERT INTO `profiles` (`nickname`, `about`) VALUES ('zoë', 'naïve'), ('é', NULL);

ALTER TABLE `comments` CHANGE `body` `body` text DEFAULT NULL;
INSERT INTO `comments` (`body`) VALUES (REPEAT('long ', 1000));
ALTER TABLE `comments` CHANGE `subject` `subject` varchar(191) DEFAULT 'none' NULL;
INSERT INTO `comments` (`subject`) VALUES (REPEAT('é', 191));
ALTER TABLE `comments` CHANGE `body` `body` mediumtext;
UPDATE `comments` SET `body` = CONCAT(`body`, '!') WHERE `id` < 3;

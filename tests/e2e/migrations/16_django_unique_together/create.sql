-- Django: unique_together comes, changes, goes
CREATE TABLE `app_seat` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `hall` varchar(20) NOT NULL, `line` integer NOT NULL, `number` integer NOT NULL);
INSERT INTO `app_seat` (`hall`, `line`, `number`) VALUES ('A', 1, 1), ('A', 1, 2), ('B', 1, 1);

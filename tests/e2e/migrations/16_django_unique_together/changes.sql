ALTER TABLE `app_seat` ADD CONSTRAINT `app_seat_hall_line_number_2e7a7c54_uniq` UNIQUE (`hall`, `line`, `number`);
INSERT INTO `app_seat` (`hall`, `line`, `number`) VALUES ('B', 1, 2);
UPDATE `app_seat` SET `number` = `number` + 10 ORDER BY `number` DESC;
ALTER TABLE `app_seat` DROP INDEX `app_seat_hall_line_number_2e7a7c54_uniq`;
INSERT INTO `app_seat` (`hall`, `line`, `number`) VALUES ('B', 1, 12);
ALTER TABLE `app_seat` ADD CONSTRAINT `app_seat_id_hall_0f_uniq` UNIQUE (`id`, `hall`);
DELETE FROM `app_seat` WHERE `hall` = 'A';

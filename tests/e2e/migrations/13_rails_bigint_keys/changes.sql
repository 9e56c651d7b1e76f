ALTER TABLE `songs` DROP FOREIGN KEY `fk_songs`;
ALTER TABLE `albums` MODIFY `id` bigint NOT NULL AUTO_INCREMENT;
INSERT INTO `albums` (`id`, `name`) VALUES (4294967296, 'big');
ALTER TABLE `songs` MODIFY `id` bigint NOT NULL AUTO_INCREMENT, MODIFY `album_id` bigint NOT NULL;
INSERT INTO `songs` (`album_id`) VALUES (4294967296);
ALTER TABLE `songs` ADD CONSTRAINT `fk_songs` FOREIGN KEY (`album_id`) REFERENCES `albums` (`id`);
UPDATE `songs` SET `album_id` = 1 WHERE `album_id` = 2;

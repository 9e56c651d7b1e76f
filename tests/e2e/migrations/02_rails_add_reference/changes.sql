ALTER TABLE `books` ADD `author_id` bigint;
UPDATE `books` SET `author_id` = 1 WHERE `id` < 3;
CREATE INDEX `index_books_on_author_id` ON `books` (`author_id`);
ALTER TABLE `books` ADD CONSTRAINT `fk_rails_53d51ce16a` FOREIGN KEY (`author_id`) REFERENCES `authors` (`id`);
INSERT INTO `books` (`title`, `author_id`) VALUES ('w', 2);
UPDATE `books` SET `author_id` = 2 WHERE `id` = 3;
ALTER TABLE `books` CHANGE `author_id` `author_id` bigint NOT NULL;
INSERT INTO `books` (`title`, `author_id`) VALUES ('v', 1);

-- Rails: change_column from string to text and to another length
CREATE TABLE `comments` (`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, `body` varchar(255), `subject` varchar(50) DEFAULT 'none', KEY `index_comments_on_subject` (`subject`));
INSERT INTO `comments` (`body`, `subject`) VALUES ('short  ', 'x'), (NULL, NULL), ('', 'ÄÖÜ');

-- Laravel: enum(), which later migrations change by a statement of their own
CREATE TABLE `payments` (`id` bigint unsigned not null auto_increment primary key, `status` enum('pending', 'paid') not null default 'pending', `method` enum('card', 'cash') null);
INSERT INTO `payments` (`status`, `method`) VALUES ('pending', 'card'), ('paid', NULL);

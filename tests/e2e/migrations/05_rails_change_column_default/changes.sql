ALTER TABLE `orders` ALTER COLUMN `state` SET DEFAULT 'open';
INSERT INTO `orders` (`priority`) VALUES (2);
ALTER TABLE `orders` CHANGE `priority` `priority` int DEFAULT 5;
INSERT INTO `orders` (`state`) VALUES ('done');
ALTER TABLE `orders` ALTER COLUMN `state` SET DEFAULT NULL;
INSERT INTO `orders` () VALUES ();
ALTER TABLE `orders` ALTER COLUMN `priority` DROP DEFAULT;
INSERT INTO `orders` (`state`, `priority`) VALUES ('it''s', -1);

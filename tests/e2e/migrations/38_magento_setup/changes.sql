ALTER TABLE `sales_order` MODIFY COLUMN `base_grand_total` decimal(20,4) NULL COMMENT 'Base Grand Total', MODIFY COLUMN `state` varchar(32) NULL COMMENT 'The state';
INSERT INTO `sales_order` (`state`, `base_grand_total`) VALUES ('complete', 1234567890123456.7891);
ALTER TABLE `sales_order` MODIFY COLUMN `weight` decimal(12,4) NULL DEFAULT '0.0000' COMMENT 'Weight', COMMENT='Sales Order';
UPDATE `sales_order` SET `customer_is_guest` = 0 WHERE `customer_is_guest` IS NULL;
ALTER TABLE `sales_order` MODIFY COLUMN `customer_is_guest` tinyint(1) NOT NULL DEFAULT '0';
UPDATE `sales_order` SET `weight` = 7.5 WHERE `weight` IS NULL OR `weight` = 0;
ALTER TABLE `sales_order` ADD COLUMN `send_email` smallint(5) unsigned DEFAULT NULL COMMENT 'Send Email', ADD KEY `SALES_ORDER_SEND_EMAIL_AND_SOMETHING_THAT_IS_VERY_LONG_INDEED` (`send_email`, `state`);
INSERT INTO `sales_order` (`state`, `send_email`) VALUES ('closed', 1);
ALTER TABLE `sales_order` MODIFY COLUMN `entity_id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'Entity Id';

-- WordPress: what dbDelta does to its tables from one version to the next; dates are 0000-00-00 by default
SET sql_mode = '';
CREATE TABLE wp_posts (ID bigint(20) unsigned NOT NULL auto_increment, post_author bigint(20) unsigned NOT NULL default '0', post_date datetime NOT NULL default '0000-00-00 00:00:00', post_content longtext NOT NULL, post_title text NOT NULL, post_status varchar(20) NOT NULL default 'publish', post_name varchar(200) NOT NULL default '', PRIMARY KEY (ID), KEY post_name (post_name), KEY type_status_date (post_status,post_date,ID)) DEFAULT CHARACTER SET utf8;
CREATE TABLE wp_options (option_id bigint(20) unsigned NOT NULL auto_increment, option_name varchar(64) NOT NULL default '', option_value longtext NOT NULL, autoload varchar(20) NOT NULL default 'yes', PRIMARY KEY (option_id), UNIQUE KEY option_name (option_name)) DEFAULT CHARACTER SET utf8;
INSERT INTO wp_posts (post_author, post_content, post_title) VALUES (1, '<p>é</p>', 'Hello'), (1, '', '');
INSERT INTO wp_posts (post_author, post_date, post_content, post_title, post_name) VALUES (2, '2024-01-02 03:04:05', 'x', 'y', 'z');
INSERT INTO wp_options (option_name, option_value) VALUES ('siteurl', 'http://example.org'), ('cron', 'a:0:{}');

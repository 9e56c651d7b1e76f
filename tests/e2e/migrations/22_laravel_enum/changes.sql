ALTER TABLE payments MODIFY COLUMN status ENUM('pending', 'paid', 'refunded') NOT NULL DEFAULT 'pending';
insert into `payments` (`status`, `method`) values ('refunded', 'cash');
ALTER TABLE payments MODIFY COLUMN status ENUM('new', 'pending', 'paid', 'refunded') NOT NULL DEFAULT 'new';
insert into `payments` (`method`) values ('cash');
update `payments` set `status` = 'paid' where `status` = 'refunded';
ALTER TABLE payments MODIFY COLUMN status ENUM('new', 'pending', 'paid') NOT NULL DEFAULT 'new';
alter table `payments` change `method` `method` varchar(20) null;
insert into `payments` (`method`) values ('transfer');
alter table `payments` add `kind` enum('a', 'b') not null default 'b';

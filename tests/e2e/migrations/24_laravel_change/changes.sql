alter table `products` modify `name` varchar(255) null;
alter table `products` modify `price` decimal(8, 2) not null default '0';
insert into `products` (`price`, `stock`) values (9.99, 1);
update `products` set `stock` = 0 where `stock` is null;
alter table `products` modify `stock` int not null default '0';
alter table `products` modify `code` int unsigned null;
insert into `products` (`price`, `code`) values (1, 4000000000);
alter table `products` modify `id` bigint unsigned not null auto_increment;
insert into `products` (`id`, `price`, `stock`) values (5000000000, 2, -1);

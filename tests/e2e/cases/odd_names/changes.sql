insert into `Select` values (2, 2, 3, 4, 5, 6, 7, 8);
update `Select` set `100%s` = 33, `qu"ote` = null where `Order` = 1;
update `two  words; drop` set `key` = 'b''c', `ORDER` = 2;
insert into `MixedCase` (`camelCase`) values ('y'), ('z');
alter table `MixedCase` add column `New Column %` int default 5, add index `odd "index"` (`New Column %`);
insert into `MixedCase` (`camelCase`) values ('w');
delete from `Select` where `a.b` = 4 and `Order` = 2;

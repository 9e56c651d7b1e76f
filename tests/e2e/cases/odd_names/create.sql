-- Names with everything in them that quoting must survive.
create table `Select` (`Order` int primary key, `from` int, `100%s` int, `a.b` int, `qu"ote` int, `it's` int, `back\slash` int, `größe €` int);
insert into `Select` values (1, 2, 3, 4, 5, 6, 7, 8);
create table `two  words; drop` (`key` varchar(20) primary key, `ORDER` int);
insert into `two  words; drop` values ('a', 1);
create table `MixedCase` (`Id` int auto_increment primary key, `camelCase` text);
insert into `MixedCase` (`camelCase`) values ('x');

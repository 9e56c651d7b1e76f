alter table `cars` change `model` `name` varchar(20) not null default 'T';
insert into `cars` (`name`) values ('A');
alter table `cars` drop `doors`, drop `wheels`;
insert into `cars` (`name`, `colour`) values ('B', 'red');
alter table `cars` rename column `colour` to `color`;
update `cars` set `color` = 'blue' where `color` is null;
delete from `cars` where `name` = 'A';

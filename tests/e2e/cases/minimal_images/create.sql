-- Row events that leave columns out: keys that move, defaults that are not named, rows without a key.
create table plain (
    id int auto_increment primary key,
    a int default 5,
    b text,
    c decimal(8,3) not null default 2.5,
    d varchar(20) not null default 'it''s "a" \\ b',
    e enum('p','q','r''s') not null default 'r''s',
    f set('x','y','z') default 'x,z',
    g bit(10) not null default b'1000000001',
    h datetime(3) default '2020-02-29 01:02:03.004',
    i date not null default '2024-12-31',
    j time(2) default '-12:00:00.25',
    k year default 2001,
    l float default -1.5,
    m binary(4),
    n varbinary(8),
    o tinyint(1) not null default 1,
    p timestamp not null default current_timestamp on update current_timestamp,
    q char(3) not null default '',
    r int unsigned not null,
    s varchar(5) not null
);
create table composite (a int, b varchar(10) character set latin1 collate latin1_bin, c text, d int, primary key (a, b));
create table only_unique (a int not null, b int not null, c text, d int default 7, unique second (b, a), unique first (a));
create table two_keys (a int not null, b varchar(10) not null, c int, unique z (b), unique y (a));
create table defaulted (tenant int not null default 7, id int auto_increment, e enum('p','q') not null, c int, primary key (tenant, id, e), key (id));
create table keyless (a int, b text, c int default 3);
insert into plain (id, b, r, s) values (1, 'one', 1, ''), (2, 'two', 2, ''), (3, 'three', 3, '');
insert into composite values (1, 'x', 'first', 1), (2, 'y', 'second', 2), (3, 'z', 'third', 3);
insert into only_unique (a, b, c) values (1, 1, 'one'), (2, 2, 'two');
insert into keyless (a) values (1), (1), (2);
create table `odd "names" 100%` (
    entry int,
    `operation` varchar(10),
    `a%s"b''c\d$1` text,
    `key` int default 3,
    `größe` int,
    primary key (entry, `operation`)
);
insert into `odd "names" 100%` (entry, `operation`, `größe`) values (1, 'a', 1), (2, 'b', 2);

-- The example database: a company that hires out boats along an invented coast.
-- It has every kind of column and key that a migration meets. Servers before MySQL 5.7 get `json` as `longtext`
-- and no generated columns.

create table harbour (
    harbour_id  smallint unsigned not null auto_increment,
    name        varchar(60) not null,
    country     char(2) not null default 'NL',
    latitude    decimal(9,6) not null,
    longitude   decimal(9,6) not null,
    opened      year default null,
    opens       time not null default '08:00:00',
    closes      time not null default '20:00:00',
    notes       text,
    primary key (harbour_id),
    unique key harbour_name (name),
    key harbour_place (latitude, longitude)
) comment 'where boats lie; "home" ports first';

create table boat_class (
    code        char(4) character set ascii collate ascii_bin not null,
    name        varchar(40) not null comment 'what the customer''s bill says',
    propulsion  enum('sail','motor','oar','paddle, kneeling','it''s towed') not null default 'sail',
    equipment   set('vests','anchor','radio','flares','sounder','galley') not null default 'vests,anchor',
    deposit     decimal(8,2) unsigned not null default 150.00,
    image       mediumblob,
    primary key (code)
) comment 'kinds of boats';

create table skipper (
    skipper_id  int not null auto_increment,
    full_name   varchar(80) not null,
    licence     enum('A','B','C') default null,
    mentor_id   int default null,
    since       date not null default '2010-01-01',
    day_rate    float default null,
    primary key (skipper_id),
    constraint skipper_mentor foreign key (mentor_id) references skipper (skipper_id) on delete set null on update cascade
);

create table boat (
    boat_id        int unsigned not null auto_increment,
    class_code     char(4) character set ascii collate ascii_bin not null,
    harbour_id     smallint unsigned default null,
    name           varchar(80) not null default '',
    is_afloat      tinyint(1) not null default 1,
    permits        bit(12) not null default b'000000000001',
    length_m       float not null default 6.5,
    draught_m      double default null,
    engine_hours   mediumint unsigned not null default 0,
    built          year not null default 1999,
    specification  json,
    price_per_hour decimal(7,2) not null default 25.00,
    bought_at      timestamp not null default current_timestamp,
    changed_at     timestamp(3) not null default current_timestamp(3) on update current_timestamp(3),
    primary key (boat_id),
    -- Not the other way round: MySQL 9.7 does not check a foreign key if its index continues with a column that is NULL.
    key boat_harbour_class (harbour_id, class_code),
    constraint boat_has_class foreign key (class_code) references boat_class (code) on update cascade,
    constraint boat_lies_in foreign key (harbour_id) references harbour (harbour_id) on delete set null on update cascade
);

create table customer (
    customer_id  bigint unsigned not null auto_increment,
    email        varchar(120) not null,
    full_name    varchar(100) not null,
    born         date default null,
    loyalty      tinyint unsigned not null default 0,
    balance      decimal(14,4) not null default 0,
    newsletter   tinyint(1) default null,
    note         text,
    joined       datetime(3) not null default '2015-01-01 00:00:00.000',
    primary key (customer_id),
    unique key customer_email (email),
    key customer_note (note(20))
) default charset = utf8mb4;

create table booking (
    booking_id   int not null auto_increment,
    customer_id  bigint unsigned not null,
    boat_id      int unsigned not null,
    skipper_id   int default null,
    starts       datetime not null,
    lasts        time not null default '02:00:00' comment 'a voyage may last longer than a day',
    state        enum('asked','confirmed','under way','back','cancelled') not null default 'asked',
    price        decimal(10,2) not null,
    vat          decimal(10,2) generated always as (round(price * 0.21, 2)) stored,
    booked_at    timestamp(6) null default null,
    primary key (booking_id),
    key booking_starts (starts),
    constraint booking_customer foreign key (customer_id) references customer (customer_id) on delete cascade,
    constraint booking_boat foreign key (boat_id) references boat (boat_id) on delete restrict on update cascade,
    constraint booking_skipper foreign key (skipper_id) references skipper (skipper_id) on delete set null
);

create table booking_extra (
    booking_id  int not null,
    extra_no    tinyint unsigned not null,
    what        varchar(40) not null default 'picnic',
    amount      smallint not null default 1,
    primary key (booking_id, extra_no),
    constraint extra_booking foreign key (booking_id) references booking (booking_id) on delete cascade on update cascade
);

create table payment (
    payment_id  bigint not null auto_increment,
    booking_id  int default null,
    customer_id bigint unsigned not null,
    amount      decimal(10,2) not null,
    method      enum('cash','card','transfer','voucher') not null default 'card',
    reference   varbinary(16) default null,
    fingerprint binary(8) not null,
    paid_at     datetime not null,
    primary key (payment_id),
    unique key payment_reference (reference),
    constraint payment_booking foreign key (booking_id) references booking (booking_id) on delete set null,
    constraint payment_customer foreign key (customer_id) references customer (customer_id)
) comment 'never deleted';

create table inspection (
    boat_id     int unsigned not null,
    inspected   date not null,
    passed      tinyint(1) not null,
    checks      bit(3) default null,
    report      mediumtext,
    photo       longblob,
    primary key (boat_id, inspected),
    constraint inspection_boat foreign key (boat_id) references boat (boat_id) on delete cascade
);

create table tide (
    harbour_id  smallint unsigned not null,
    at          datetime not null,
    height_m    decimal(4,2) not null,
    flow_knots  double not null default 0,
    is_high     bit(1) not null default b'0',
    primary key (at, harbour_id),
    constraint tide_harbour foreign key (harbour_id) references harbour (harbour_id)
) comment 'the largest table';

create table radio_log (
    heard_at    datetime(6) not null,
    boat_id     int unsigned default null,
    channel     tinyint unsigned not null default 16,
    message     varchar(200) default null
) comment 'a table without a key, with rows that are there twice';

create table `Price List` (
    `order`       int not null auto_increment,
    `Season 100%` varchar(30) not null,
    `größe in m`  decimal(5,1) not null default 0.0,
    `per "hour"`  decimal(7,2) not null,
    `select`      int default null,
    primary key (`order`),
    unique key `Season & size` (`Season 100%`, `größe in m`)
);

create view boats_afloat as
select boat.boat_id, boat.name, boat_class.name as class
from boat join boat_class on boat_class.code = boat.class_code
where boat.is_afloat = 1;

create trigger radio_check before insert on radio_log
for each row set new.channel = if(new.channel > 88, 16, new.channel);

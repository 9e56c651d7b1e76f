-- TIME goes far beyond a day, and below zero.
create table t (id int primary key, t0 time, t6 time(6));
insert into t values
    (1, '838:59:59', '838:59:58.999999'),
    (2, '-838:59:59', '-838:59:58.999999'),
    (3, '25:00:00', '-00:00:00.000001'),
    (4, '00:00:00', '24:00:00'),
    (5, null, null);

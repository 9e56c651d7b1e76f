-- Unsigned numbers do not wrap, floats are exact to the last bit.
create table t (
    id bigint unsigned primary key,
    ti tinyint unsigned, si smallint unsigned, mi mediumint unsigned, i int unsigned,
    s tinyint, z int(8) unsigned zerofill, flag tinyint(1),
    d decimal(65,30), du decimal(5,2) unsigned, f float, g double, y year
);
insert into t values
    (18446744073709551615, 255, 65535, 16777215, 4294967295, -128, 42, 1, 12345678901234567890123456789012345.123456789012345678901234567890, 999.99, 1.1, 0.1, 2155),
    (0, 0, 0, 0, 0, 127, 0, 2, -0.000000000000000000000000000001, 0, -3.402823e38, 1.7976931348623157e308, 1901),
    (9223372036854775808, 128, 32768, 8388608, 2147483648, -1, 1, -1, 0, 0.01, 16777216, 5e-324, 2000),
    (1, null, null, null, null, null, null, null, null, null, null, null, null);

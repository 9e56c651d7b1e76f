-- Bytes arrive byte for byte, with the zeros that pad BINARY.
create table t (id int primary key, b blob, l longblob, v varbinary(20), f binary(6));
insert into t values
    (1, x'000102ff5c6e27220a0d1a', x'deadbeef', x'00', x'0102'),
    (2, '', '', '', ''),
    (3, null, null, null, null),
    (4, '\\xff', 'not hex', x'c328', x'ff0000000000');

-- BIT columns are bit strings, in the copy and in the stream alike.
create table t (id int primary key, b1 bit(1), b3 bit(3), b8 bit(8), b12 bit(12), b64 bit(64) not null default b'101');
insert into t values (1, b'1', b'101', b'11111111', b'101', ~0), (2, b'0', b'0', b'0', b'0', 0), (3, null, null, null, null, 5);

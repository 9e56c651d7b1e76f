-- Labels with quotes and commas, the empty error member, sets in the order of their definition.
set session sql_mode = '';
create table t (
    id int primary key,
    e enum('a', 'it''s', 'b, c', 'UPPER', '') default 'a',
    same enum('x', 'y') not null,
    s set('one', 'two', 'th''ree', 'x y')
);
insert into t values (1, 'it''s', 'x', 'two,one'), (2, 'no such member', 'y', ''), (3, 'b, c', 'no such', null), (4, '', 'x', 'x y,th''ree');
create table u (id int primary key, same enum('y', 'z'));
insert into u values (1, 'z');

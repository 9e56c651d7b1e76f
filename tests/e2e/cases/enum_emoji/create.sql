-- Emoji as labels of an ENUM: servers show a question mark for them in their own catalogue.
create table t (id int primary key, e enum('🐬', 'plain'), s set('🪁', 'x'));
insert into t values (1, '🐬', '🪁'), (2, 'plain', 'x,🪁'), (3, 'plain', '');

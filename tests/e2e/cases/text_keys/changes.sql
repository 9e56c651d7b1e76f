update t set k = 'ABC' where k = 'abc';
update t set v = 10 where k = 'abc';
update t set k = 'ETE' where k = 'été';
delete from t where k = 'straße';
insert into t values ('STRASSE', 6);
replace into t values ('Abc', 11);
update t set v = 50 where k = '';
delete from t where k = 'null';

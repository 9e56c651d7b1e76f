insert into emoji values (3, '🧭🧭', 'ж漢');
update emoji set v = '🪁', e = 'ж漢' where id = 2;
insert into latin values (2, 'ñ ÷ “”', repeat('ø', 300), 'ö');
update latin set v = 'Œ', e = 'ö' where id = 1;
insert into mixed values (2, 'カタカナ', '가나', '𝄞', '中文', 'мир', 'x', 'é');
update mixed set sjis = '漢字', ucs2 = 'é', utf16 = '👩‍🚀', gbk = '龙', koi8r = 'ё' where id = 1;

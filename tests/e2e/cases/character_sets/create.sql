-- Emoji, and text in the character sets of old tables.
create table emoji (id int primary key, v varchar(50), e enum('ж漢', 'plain') not null) character set utf8mb4;
insert into emoji values (1, '👩‍🚀 and 𝄞', 'ж漢'), (2, '漢字 é Ж', 'plain');
create table latin (id int primary key, v varchar(50), x text, e enum('ä', 'ö')) character set latin1;
insert into latin values (1, 'çé€ÿ', 'ß', 'ä');
create table mixed (
    id int primary key,
    sjis varchar(20) character set sjis,
    ucs2 varchar(20) character set ucs2,
    utf16 varchar(20) character set utf16,
    gbk text character set gbk,
    koi8r char(10) character set koi8r,
    ascii varchar(20) character set ascii,
    bin varchar(20) collate utf8mb4_bin
);
insert into mixed values (1, '日本語', '한국어', '🐬 x', '汉字', 'привет', 'plain', 'Ünï');

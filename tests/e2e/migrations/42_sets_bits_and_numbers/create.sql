-- Flags change their type: sets get and lose members, bits become numbers, texts become enums
CREATE TABLE role (id INT NOT NULL PRIMARY KEY, rights SET('read','write','admin') NOT NULL DEFAULT 'read', active BIT(1) NOT NULL DEFAULT b'1', level VARCHAR(10) NOT NULL, since VARCHAR(10), score VARCHAR(10));
INSERT INTO role VALUES (1, 'read,write', b'1', 'low', '2024-01-02', '1.50'), (2, '', b'0', 'high', NULL, '-3'), (3, 'admin', b'1', 'high', '1999-12-01', NULL);

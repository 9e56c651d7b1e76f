ALTER TABLE invoice ADD COLUMN gross INT GENERATED ALWAYS AS (net + tax) STORED;
INSERT INTO invoice (id, net, tax) VALUES (3, 7, 3);
ALTER TABLE invoice ADD INDEX ix_gross (gross);
ALTER TABLE invoice ADD COLUMN full_name VARCHAR(50) GENERATED ALWAYS AS (CONCAT(first, ' ', last)) VIRTUAL;
UPDATE invoice SET net = net * 2, first = 'z';
ALTER TABLE invoice DROP COLUMN full_name;
ALTER TABLE invoice MODIFY COLUMN gross INT;
UPDATE invoice SET gross = 0 WHERE id = 1;
INSERT INTO invoice VALUES (4, 1, 1, 'x', 'y', 99);

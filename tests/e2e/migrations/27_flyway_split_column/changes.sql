ALTER TABLE person ADD COLUMN first_name VARCHAR(50) AFTER id, ADD COLUMN last_name VARCHAR(50) AFTER first_name;
UPDATE person SET first_name = SUBSTRING_INDEX(name, ' ', 1), last_name = IF(LOCATE(' ', name), SUBSTRING_INDEX(name, ' ', -1), NULL);
INSERT INTO person VALUES (4, 'Grace', 'Hopper', 'Grace Hopper');
ALTER TABLE person DROP COLUMN name;
ALTER TABLE person MODIFY first_name VARCHAR(50) NOT NULL;
INSERT INTO person VALUES (5, 'Edsger', 'Dijkstra');
UPDATE person SET id = 6 WHERE first_name = 'Plato';

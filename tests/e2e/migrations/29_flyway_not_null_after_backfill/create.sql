-- Flyway: a new column, filled by a join, then NOT NULL and a key
CREATE TABLE region (id INT NOT NULL PRIMARY KEY, code CHAR(2) NOT NULL);
CREATE TABLE branch (id INT NOT NULL PRIMARY KEY, region_id INT NOT NULL);
INSERT INTO region VALUES (1, 'EU'), (2, 'US');
INSERT INTO branch VALUES (1, 1), (2, 2), (3, 1);

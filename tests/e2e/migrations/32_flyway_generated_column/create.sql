-- Flyway: generated columns that both sides generate, with an index, and one that becomes a plain one
CREATE TABLE invoice (id INT NOT NULL PRIMARY KEY, net INT NOT NULL, tax INT NOT NULL, first VARCHAR(20), last VARCHAR(20));
INSERT INTO invoice VALUES (1, 100, 19, 'a', 'b'), (2, -5, 0, NULL, 'c');

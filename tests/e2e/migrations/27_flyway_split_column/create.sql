-- Flyway: one column becomes two, by an UPDATE
CREATE TABLE person (id INT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL);
INSERT INTO person VALUES (1, 'Ada Lovelace'), (2, 'Alan Turing'), (3, 'Plato');

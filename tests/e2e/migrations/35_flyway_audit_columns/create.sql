-- Hand-written SQL: created_at and updated_at for a table that has rows
CREATE TABLE customer (id INT NOT NULL PRIMARY KEY, name VARCHAR(30));
INSERT INTO customer VALUES (1, 'a'), (2, 'b');

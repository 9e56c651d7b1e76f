-- Liquibase: a composite key changes its columns; rows are found by the new one
CREATE TABLE stock (shop INT NOT NULL, article INT NOT NULL, shelf INT NOT NULL DEFAULT 0, quantity INT, CONSTRAINT PK_STOCK PRIMARY KEY (shop, article));
INSERT INTO stock VALUES (1, 1, 0, 5), (1, 2, 0, 6), (2, 1, 0, 7);

-- Flyway: int to bigint and back to something narrower, decimals widen
CREATE TABLE ledger (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, amount DECIMAL(10,2) NOT NULL, units INT NULL, rate FLOAT NULL, KEY k (units));
INSERT INTO ledger (amount, units, rate) VALUES (1.25, 2147483647, 0.1), (-99999999.99, NULL, NULL);

-- ALGORITHM and LOCK clauses of both products, and the columns that come at once
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, b VARCHAR(20), c ENUM('x','y')) ENGINE=InnoDB;
INSERT INTO t VALUES (1, 1, 'one', 'x'), (2, NULL, NULL, NULL);

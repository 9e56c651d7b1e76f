-- Flyway: a partitioned table is a plain one on the target; new partitions move no rows of their own
CREATE TABLE measurement (id INT NOT NULL, taken DATE NOT NULL, value DOUBLE, PRIMARY KEY (id, taken));
INSERT INTO measurement VALUES (1, '2022-05-05', 1.5), (2, '2023-06-06', -2.25);

-- Flyway: CREATE TABLE … SELECT, LIKE, TRUNCATE and a reload
CREATE TABLE sale (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, shop VARCHAR(10), amount DECIMAL(8,2), KEY (shop));
INSERT INTO sale (shop, amount) VALUES ('a', 1.5), ('b', 2.5), ('a', 3);

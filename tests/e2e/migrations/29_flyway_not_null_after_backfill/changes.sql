ALTER TABLE branch ADD region_code CHAR(2);
UPDATE branch JOIN region ON region.id = branch.region_id SET branch.region_code = region.code;
INSERT INTO branch VALUES (4, 2, 'US');
ALTER TABLE branch MODIFY region_code CHAR(2) NOT NULL, ADD INDEX ix_branch_region_code (region_code);
INSERT INTO branch VALUES (5, 1, 'EU');
ALTER TABLE branch DROP COLUMN region_id;
UPDATE branch SET region_code = 'AS' WHERE id = 5;

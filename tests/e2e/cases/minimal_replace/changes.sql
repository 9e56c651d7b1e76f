set binlog_row_image = minimal;
replace into t (id, b) values (1, 'replaced'), (4, 'new');
replace into t (id) values (2);

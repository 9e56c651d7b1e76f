"""Statements that are none of ours are executed on a real server, and disturb neither a table nor the replica."""

from collections.abc import Iterator

import pymysql
import pytest

from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage

# Each mentions the table t, or could; those that a server does not know are skipped, except the ones in its own list
COMMON = """
create view w as select * from t
create or replace algorithm = merge sql security invoker view w as select id from t
alter view w as select v from t
drop view if exists w
create trigger g before insert on t for each row set new.v = ifnull(new.v, 'by trigger')
drop trigger g
create procedure p() begin create table never (a int); insert into t (id) values (50); drop table t; end
alter procedure p comment 'drop table t'
drop procedure p
create function f(x int) returns int deterministic return x + 1
drop function if exists f
create event e on schedule every 1 year do delete from t
alter event e disable
drop event e
create user 't'@'localhost' identified by 'Secret-1'
alter user 't'@'localhost' identified by 'Secret-2'
rename user 't'@'localhost' to 'u'@'localhost'
grant select, insert on t to 'u'@'localhost'
revoke insert on t from 'u'@'localhost'
drop user 'u'@'localhost'
create role if not exists t_reader
grant select on t to t_reader
drop role t_reader
create server s foreign data wrapper mysql options (user 'x', host 'localhost', database 't')
alter server s options (user 'y')
drop server s
analyze table t
optimize table t
check table t
repair table m
optimize table m
checksum table t
flush tables t
flush tables
flush logs
flush privileges
set @t = 1
set global max_connections = 200
create temporary table t (id int)
alter table t add column only_temporary int
insert into t values (1, 2)
create index i on t (id)
truncate table t
drop temporary table t
create temporary table passing as select * from t
drop table passing
lock tables t write
unlock tables
prepare x from 'select * from t'
execute x
deallocate prepare x
do sleep(0)
handler t open
handler t close
show create table t
explain select * from t
start transaction
savepoint t
rollback to t
release savepoint t
commit
create view t_view as select 1 as one
rename table t_view to t_view_2
drop view t_view_2
"""
MYSQL = """
create spatial reference system 990001 name 't' definition
 'GEOGCS["t",DATUM["t",SPHEROID["t",6378137,298.257223563]],PRIMEM["t",0],UNIT["t",0.017453292519943278],AXIS["Lat",NORTH],AXIS["Lon",EAST]]'
drop spatial reference system if exists 990001
create resource group t_group type = user
alter resource group t_group disable force
drop resource group t_group
create tablespace t_space add datafile 't_space.ibd' engine = innodb
alter tablespace t_space rename to t_space_2
drop tablespace t_space_2
create undo tablespace t_undo add datafile 't_undo.ibu'
alter undo tablespace t_undo set inactive
alter instance reload tls
alter instance rotate innodb master key
install component 'file://component_validate_password'
uninstall component 'file://component_validate_password'
set persist max_connections = 210
reset persist max_connections
create role if not exists 't_role'
set default role none to root@localhost
alter user root@localhost default role none
drop role 't_role'
create json relational duality view t_dual as select json_duality_object('_id': id, 'v': v) from t
drop view if exists t_dual
create library t_library language javascript as $$ export function f(n) { return n } $$
drop library t_library
analyze table t update histogram on v with 4 buckets
analyze table t drop histogram on v
alter table t secondary_engine = null
"""
MARIADB = """
create sequence q start with 5 increment by 2
alter sequence q restart 50
select nextval(q)
drop sequence q
create or replace sequence q
rename table q to q2
drop sequence if exists q2
set global log_bin_trust_function_creators = 1
create aggregate function g(x int) returns int begin declare s int default 0;
 declare continue handler for not found return s; loop fetch group next row; set s = s + x; end loop; end
drop function g
set sql_mode = 'oracle'
create package t_package as procedure p; end
create package body t_package as procedure p as begin null; end; end
drop package body t_package
drop package t_package
set sql_mode = ''
backup stage start
backup stage block_commit
backup stage end
backup lock t
backup unlock
install soname 'ha_blackhole'
uninstall soname 'ha_blackhole'
set statement max_statement_time = 100 for select count(*) from t
set password for root@localhost = ''
create or replace user t_user
drop user t_user
analyze table t persistent for all
alter table t engine = innodb
alter table t force
alter table t nowait force
create or replace view w as select * from t
drop view w
flush tables t for export
unlock tables
create or replace trigger g before update on t for each row set new.v = new.v
drop trigger if exists g
"""


@pytest.fixture
def running(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    schema = fresh_schema(source_server)
    with stage(source_server, target_database, schema) as made:
        made.execute(
            "create table t (id int primary key, v varchar(30)) engine=innodb",
            "create table m (id int primary key) engine=myisam",
            "insert into t values (1, 'one')",
            "insert into m values (1)",
        )
        made.journey.initialise()
        made.journey.start()
        yield made


def statements(text: str) -> list[str]:
    """Split at line ends; a line that begins with a blank continues the one before."""
    return text.strip().replace("\n ", " ").split("\n")


def test_statements_that_are_none_of_ours_pass_by(running: Stage) -> None:
    own = MYSQL if running.server.product == "mysql" else MARIADB
    wanted = [*statements(COMMON), *statements(own)]
    refused = []
    with running.server.connect(running.schema) as connection, connection.cursor() as cursor:
        for statement in wanted:
            try:
                cursor.execute(statement)
            except pymysql.MySQLError as error:
                refused.append(f"{statement[:60]}: {error}")
    # Every version of a server knows other statements
    assert len(refused) < len(wanted) / 4, refused
    running.execute("insert into t values (100, 'last')", "update t set v = 'changed' where id = 1", "delete from m")
    running.assert_equal()
    assert running.journey.daemon_pid is not None

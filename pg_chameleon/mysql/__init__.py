"""The source: connections, structure, snapshots and the binlog of MySQL and MariaDB."""

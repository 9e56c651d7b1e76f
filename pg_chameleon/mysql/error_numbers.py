"""The numbers of errors that decide what is done next; MySQL and MariaDB share them.

https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
https://dev.mysql.com/doc/mysql-errors/8.4/en/client-error-reference.html
"""

from __future__ import annotations

UNKNOWN_VARIABLE = 1193
LOCK_WAIT_TIMEOUT = 1205
CANNOT_READ_BINLOG = 1236
UNKNOWN_TIME_ZONE = 1298
CANNOT_CONNECT = 2003

TOO_MANY_CONNECTIONS = frozenset({1040, 1203, 1226})
PRIVILEGE_MISSING = frozenset({1044, 1045, 1142, 1227})
# An option of the server, such as read_only, is in the way
NOT_PERMITTED = PRIVILEGE_MISSING | {1290}
# The table was altered, renamed or dropped after the snapshot was taken
TABLE_CHANGED = frozenset({1017, 1054, 1109, 1146, 1412, 1932})
CONNECTION_ENDS = frozenset(
    {
        # The server shuts down, lost the connection, or somebody killed the statement
        *(1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 3169, 4031),
        # The driver found the connection lost
        *(2006, 2013, 2055, 0),
    }
)
"""Whatever the connection was for, it is worth another try."""

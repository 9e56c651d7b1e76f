"""The copy: tables as they are at a snapshot, before a replica starts or beside a running one."""

"""Random DDL beside a replica: what is valid, refused or half done, with rows between, and both sides compared."""

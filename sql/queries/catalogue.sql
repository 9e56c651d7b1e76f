-- name: exists
select
    to_regclass('sch_chameleon.catalogue_version') is not null,
    to_regnamespace('sch_chameleon') is not null;

-- name: version
select max(version)
from sch_chameleon.catalogue_version;

-- name: set_version
insert into sch_chameleon.catalogue_version (version)
values (%s);

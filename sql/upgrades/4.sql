-- What a source is decides how some of its values are written, also by those who do not ask it.

alter table sch_chameleon.sources
    add column server_version text;

-- apply/marking.sql: template, the part of verify.sql that writes the map's own note of it.
, marked AS (
    UPDATE :{map} AS noted SET :{verified} = c.equal FROM checked c
    WHERE noted.:{map_source_key} = c.source_key AND c.found AND c.shadow AND noted.:{verified} IS DISTINCT FROM c.equal
)

-- apply/parents.sql: template, the wanted relation of a parent entity: the parents of the wanted children for whom
-- :{needed}.
SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text:::{parent_key_type} AS i0
      FROM (:{wanted}) w JOIN LATERAL (:{reading}) s ON true) d
WHERE :{needed}

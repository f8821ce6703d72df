-- apply/reading.sql: template. The source row that speaks for a wanted identity w, as the mapping reads it: the present
-- one, else the latest. Three levels, so that bare names in an expression mean the source's columns and nothing else: the
-- row; the raw values, read from a table that is called what the source is called; what becomes of them.
SELECT b.*:{values}
FROM (SELECT true AS found, :{present} AS present, :{parent} AS p0, :{key_text} AS k:{inputs}
      FROM (SELECT source.* FROM :{source} source WHERE :{identity} ORDER BY :{speaking} LIMIT 1) AS :{source_name}) b

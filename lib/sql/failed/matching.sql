-- failed/matching.sql: fragment: the failed events, aliased f, that an operator means. $1 entity, $2 operation, $3 SQLSTATE or
-- its condition's name, $4 constraint, $5 the source key from its first column on, $6 'parked' or 'retrying', $7 milliseconds
-- since the first failure, $8 ids. NULL is any.
($1::pg_catalog.text IS NULL OR f.entity = $1)
      AND ($2::pg_catalog.text IS NULL OR f.operation = $2)
      AND ($3::pg_catalog.text IS NULL OR f.sqlstate = $3 OR f.exception_type = $3)
      AND ($4::pg_catalog.text IS NULL OR f.constraint_name = $4)
      AND ($5::pg_catalog.text[] IS NULL OR f.ref[1:pg_catalog.cardinality($5)] = $5)
      AND ($6::pg_catalog.text IS NULL OR (f.retry_at IS NULL) = ($6 = 'parked'))
      AND ($7::pg_catalog.int8 IS NULL OR f.first_failed_at <= pg_catalog.clock_timestamp() - $7 * interval '1 millisecond')
      AND ($8::pg_catalog.int8[] IS NULL OR f.event_id = ANY ($8))

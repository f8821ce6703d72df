-- What dualwrite.asleep() says, written out for the same reason as the actor.
pg_sequence_last_value(('dualwrite.doorbell_' || :{partition})::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'

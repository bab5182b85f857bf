#!/bin/sh
# Run the standby: copy the primary at the first start, and follow it from then on.
set -eu
export PGDATA=/var/lib/postgresql/data
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    pg_basebackup --pgdata="$PGDATA" --write-recovery-conf --checkpoint=fast \
        --dbname="host=db1 user=replicator password=$REPLICATION_PASSWORD application_name=standby"
    chmod 700 "$PGDATA"
fi
exec postgres -c max_connections=200

#!/bin/sh
# Run once, when PostgreSQL creates the primary's database: let the standby replicate, and make commits wait for it.
set -eu
psql --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 --set=password="$REPLICATION_PASSWORD" <<END
CREATE ROLE replicator REPLICATION LOGIN PASSWORD :'password';
ALTER SYSTEM SET synchronous_standby_names = 'standby';
END
echo "host replication replicator all scram-sha-256" >> "$PGDATA/pg_hba.conf"

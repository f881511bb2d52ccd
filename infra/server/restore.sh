#!/bin/sh
# Put a backup in the place of what is there: restore.sh /var/backups/bhuprahari/DATE-TIME, with the services stopped.
set -euf
umask 027
FROM=${1:-}
DATA=${BHUPRAHARI_HOME:-/var/lib/bhuprahari}
DATABASE=${DATABASE:-bhuprahari}
OWNER=${OWNER:-bhuprahari:bhuprahari}

[ -s "$FROM/database.sql.gz" ] || { echo "restore.sh: there is no backup in '$FROM': ls /var/backups/bhuprahari" >&2; exit 1; }
SERVICES="bhuprahari-api.service bhuprahari-clock.service bhuprahari-worker@*.service"
# shellcheck disable=SC2086
if [ -d /run/systemd/system ] &&
    [ -n "$(systemctl list-units --no-legend --state=active,activating,deactivating $SERVICES)" ]; then
    echo "restore.sh: stop the services first: systemctl stop $SERVICES" >&2
    exit 1
fi
gzip -t "$FROM/database.sql.gz"
mariadb -e "DROP DATABASE IF EXISTS $DATABASE; CREATE DATABASE $DATABASE CHARACTER SET utf8mb4"
gzip -dc "$FROM/database.sql.gz" | mariadb "$DATABASE"
for what in images secrets; do
    [ -d "$FROM/$what" ] || continue
    rm -rf "$DATA/$what.new"
    cp -a "$FROM/$what" "$DATA/$what.new"
    chown -R "$OWNER" "$DATA/$what.new"
    rm -rf "${DATA:?}/$what"
    mv "$DATA/$what.new" "$DATA/$what"
done
echo "restored from $FROM: now bhuprahari migrate, then systemctl start bhuprahari.target"

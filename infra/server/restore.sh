#!/bin/sh
# Put a backup in the place of what is there: restore.sh /var/backups/bhuprahari/DATE-TIME [--yes], with the services stopped.
# Without --yes only where the database has no table yet. Nothing is touched before the whole backup was read.
set -euf
umask 027
FROM=${1:-}
MEANT=${2:-}
DATA=${BHUPRAHARI_HOME:-/var/lib/bhuprahari}
DATABASE=${DATABASE:-bhuprahari}
OWNER=${OWNER:-bhuprahari:bhuprahari}
VERSIONS=$(dirname "$0")/../../chalicelib/adapters/database/schema/migrations/versions

die() { echo "restore.sh: $*" >&2; exit 1; }
[ -s "$FROM/database.sql.gz" ] || die "there is no backup in '$FROM': ls /var/backups/bhuprahari"
SERVICES="bhuprahari-api.service bhuprahari-clock.service bhuprahari-worker@*.service"
# shellcheck disable=SC2086
if [ -d /run/systemd/system ] &&
    [ -n "$(systemctl list-units --no-legend --state=active,activating,deactivating $SERVICES)" ]; then
    die "stop the services first: systemctl stop $SERVICES"
fi
if [ -f "$FROM/SHA256SUMS" ]; then  # a backup of an earlier release has none
    (cd "$FROM" && sha256sum --check --strict --quiet SHA256SUMS >/dev/null 2>&1) || die "the backup $FROM is damaged: (cd $FROM && sha256sum -c SHA256SUMS) says where; use another one"
fi
gzip -t "$FROM/database.sql.gz" 2>/dev/null || die "the backup $FROM is damaged: its database.sql.gz is cut short; use another one"
REVISION=$(gzip -dc "$FROM/database.sql.gz" | sed -n '/^INSERT INTO `alembic_version` VALUES/,/;/s/.*(.\([0-9][0-9]*\).).*/\1/p' | head -n 1)
KNOWN=$(ls "$VERSIONS" | sed -n 's/^\([0-9][0-9]*\)_.*\.py$/\1/p' | sort | tail -n 1)
[ -n "$REVISION" ] || die "the backup $FROM is damaged: its database says no revision"
[ "$(printf '%s\n%s\n' "$REVISION" "$KNOWN" | sort | tail -n 1)" = "$KNOWN" ] ||
    die "the backup $FROM is of a newer version (its database is at revision $REVISION, this version knows $KNOWN): install that one first"
TABLES=$(mariadb --batch --skip-column-names -e "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '$DATABASE'")
[ "$TABLES" = 0 ] || [ "$MEANT" = --yes ] || die "the database $DATABASE is in use: say --yes to put the backup in its place"
# The images first, beside those that are there: a disk that is full stops it here.
trap 'rm -rf "$DATA/images.new" "$DATA/secrets.new"' EXIT
for what in images secrets; do
    [ -d "$FROM/$what" ] || continue
    rm -rf "$DATA/$what.new"
    cp -a "$FROM/$what" "$DATA/$what.new"
    chown -R "$OWNER" "$DATA/$what.new"
done
mariadb -e "DROP DATABASE IF EXISTS $DATABASE; CREATE DATABASE $DATABASE CHARACTER SET utf8mb4"
gzip -dc "$FROM/database.sql.gz" | mariadb "$DATABASE"
for what in images secrets; do
    [ -d "$DATA/$what.new" ] || continue
    rm -rf "${DATA:?}/$what"
    mv "$DATA/$what.new" "$DATA/$what"
done
echo "restored from $FROM: now bhuprahari migrate, then systemctl start bhuprahari.target"

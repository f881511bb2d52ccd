#!/bin/sh
# Set Bhuprahari up on one Debian 12 or Ubuntu 24.04, or bring it to the version that lies here. Run it as often as you like:
#   sudo /opt/bhuprahari/infra/server/install.sh watch.example.org
# docs/self-host.md says what each step is for.
set -eu
umask 022
HERE=/opt/bhuprahari
PARTS=$HERE/infra/server
ENV=/etc/bhuprahari/server.env
MIGRATE_ENV=/etc/bhuprahari/migrate.env
TLS=/etc/bhuprahari/tls

die() { echo "install.sh: $*" >&2; exit 1; }
say() { echo "== $*"; }

NAME=${1:-}
case $NAME in
    ''|*[!A-Za-z0-9.-]*) die "say the server's name: install.sh watch.example.org" ;;
esac
[ "$(id -u)" = 0 ] || die "root is needed: sudo $0 $NAME"
[ "$(cd "$(dirname "$0")/../.." && pwd -P)" = "$HERE" ] || die "the program must lie in $HERE: move it there and run $PARTS/install.sh"
command -v apt-get >/dev/null || die "there is no apt-get: this is for Debian and Ubuntu, docs/self-host.md says the steps"
has_systemd() { [ -d /run/systemd/system ]; }

say "packages: MariaDB, nginx, Python"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends mariadb-server nginx-light openssl python3 python3-venv rsync ca-certificates
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer is needed: use Debian 12 or Ubuntu 24.04"

say "the user bhuprahari and its folders"
id bhuprahari >/dev/null 2>&1 || useradd --system --home-dir /var/lib/bhuprahari --shell /usr/sbin/nologin bhuprahari
install -d -m 700 -o bhuprahari -g bhuprahari /var/lib/bhuprahari
install -d -m 755 /etc/bhuprahari "$TLS" /var/www/bhuprahari /etc/mysql/mariadb.conf.d
install -d -m 700 /var/backups/bhuprahari
install -d -m 700 -o www-data -g www-data /var/cache/nginx/bhuprahari

say "the program's packages, as locked"
if ! cmp -s "$HERE/requirements-server.txt" "$HERE/.venv/locked"; then
    [ -x "$HERE/.venv/bin/python" ] || python3 -m venv "$HERE/.venv"
    "$HERE/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r "$HERE/requirements-server.txt"
    cp "$HERE/requirements-server.txt" "$HERE/.venv/locked"
fi
"$HERE/.venv/bin/python" -m compileall -q "$HERE/app.py" "$HERE/chalicelib" "$HERE/infra" "$HERE/landscape"

say "the database"
if ! cmp -s "$PARTS/mariadb.cnf" /etc/mysql/mariadb.conf.d/60-bhuprahari.cnf; then
    cp "$PARTS/mariadb.cnf" /etc/mysql/mariadb.conf.d/60-bhuprahari.cnf
    service mariadb restart || {
        rm /etc/mysql/mariadb.conf.d/60-bhuprahari.cnf
        die "MariaDB does not start with $PARTS/mariadb.cnf: journalctl -u mariadb says why"
    }
fi
if [ ! -e "$ENV" ]; then
    PASSWORD=$(openssl rand -hex 24)
    { echo "SET @password = '$PASSWORD';"; cat "$PARTS/database.sql"; } | mariadb
    (umask 077; sed "s/THE-PASSWORD/$PASSWORD/" "$PARTS/server.env.example" >"$ENV.new")
    mv "$ENV.new" "$ENV"
fi
# Also on a server of before, whose one user could change tables. A database elsewhere is its operator's.
if [ ! -e "$MIGRATE_ENV" ] && grep -q "://bhuprahari:[^@]*@127\.0\.0\.1/bhuprahari'" "$ENV"; then
    PASSWORD=$(openssl rand -hex 24)
    { echo "SET @migration_password = '$PASSWORD';"; cat "$PARTS/database.sql"; } | mariadb
    URL="mysql+pymysql://bhuprahari_migrate:$PASSWORD@127.0.0.1/bhuprahari"
    (umask 077; echo "BHUPRAHARI_DATABASE_URL='$URL'" >"$MIGRATE_ENV.new")
    mv "$MIGRATE_ENV.new" "$MIGRATE_ENV"
fi
install -m 755 "$PARTS/bhuprahari" /usr/local/bin/bhuprahari
bhuprahari migrate

say "the certificate"
if [ ! -e "$TLS/fullchain.pem" ]; then
    (umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$NAME" \
        -addext "subjectAltName=DNS:$NAME" -keyout "$TLS/privkey.pem" -out "$TLS/fullchain.pem" 2>/dev/null)
    chmod 644 "$TLS/fullchain.pem"
    echo "a certificate of its own making, for trying out: docs/self-host.md says how to get a real one"
fi

say "nginx"
sed "s/watch\.example\.org/$NAME/" "$PARTS/nginx-site.conf" >/etc/nginx/sites-available/bhuprahari
ln -sfn /etc/nginx/sites-available/bhuprahari /etc/nginx/sites-enabled/bhuprahari
nginx -t -q

say "the services"
cp "$PARTS"/systemd/* /etc/systemd/system/
if has_systemd; then
    systemctl daemon-reload
    systemctl enable --quiet bhuprahari.target bhuprahari-backup.timer
    # The database is new already. Workers first: they finish what they hold, and the API goes on meanwhile.
    systemctl restart 'bhuprahari-worker@*.service' bhuprahari-clock.service
    systemctl restart bhuprahari-api.service
    systemctl start bhuprahari.target bhuprahari-backup.timer
    systemctl reload-or-restart nginx.service
else
    echo "systemd does not run here: start the processes yourself"
fi
bhuprahari check --certificate "$TLS/fullchain.pem"
echo "$NAME: https://$NAME/console"

#!/bin/sh
# certbot calls this after it got or renewed the certificate (--deploy-hook): nginx gets its copy, and reads it.
set -eu
FROM=${RENEWED_LINEAGE:-${1:-}}
TLS=${TLS:-/etc/bhuprahari/tls}
[ -s "$FROM/fullchain.pem" ] || { echo "certificate.sh: there is no certificate in '$FROM': ls /etc/letsencrypt/live" >&2; exit 1; }
install -m 600 "$FROM/privkey.pem" "$TLS/privkey.pem"
install -m 644 "$FROM/fullchain.pem" "$TLS/fullchain.pem"
nginx -t -q
nginx -s reload

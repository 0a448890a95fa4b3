#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks for known vulnerabilities in the code that each module reaches:
# internal/vuln.sh GOVULNCHECK MODULE_FOLDER... A vulnerability fails, and so
# does a run that breaks off; a database out of reach is only told, since
# nothing can be said without it. GOVULNDB names another database, and that one
# has to be there.
set -euo pipefail
tool=$1
shift
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
for module in "$@"; do
	code=0
	(cd "$module" && "$tool" -db "${GOVULNDB:-https://vuln.go.dev}" ./...) 2>"$errors" || code=$?
	cat "$errors" >&2
	# 3 is a vulnerability; 1 is any other failure.
	if [[ $code -eq 1 ]] && grep -Eq '^govulncheck: fetching vulnerabilities: .*(dial tcp|no such host|i/o timeout|connection re|proxyconnect|TLS handshake timeout|Client.Timeout|50[234] )' "$errors"; then
		echo "NOT CHECKED for vulnerabilities: $module (the database cannot be reached)" >&2
		continue
	fi
	[[ $code -eq 0 ]] || exit "$code"
done

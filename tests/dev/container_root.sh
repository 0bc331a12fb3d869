#!/bin/bash
# Called by mmdebstrap, see container.sh: container_root.sh PACKAGE USER ROOT. The root has the libraries; what came
# with them to be run goes, the program and its folder come, and the certificates are gathered as their own script does.
set -euo pipefail
deb=$1 user=$2
cd "$3"

rm -rf ./{bin,sbin,usr/bin,usr/sbin,usr/share/perl5}/*
cat usr/share/ca-certificates/mozilla/*.crt >etc/ssl/certs/ca-certificates.crt
dpkg-deb --fsys-tarfile "$deb" | tar -x ./etc/dpin ./usr/bin ./usr/share/doc/dpin-validator/copyright
install -d -m 700 -o "$user" -g "$user" var/lib/dpin-validator

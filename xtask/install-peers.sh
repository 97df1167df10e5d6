#!/usr/bin/env bash
# Installs the programs that the interop tests run against, on Debian and its kin.
# Does nothing when all are there; otherwise needs root or sudo.
set -euo pipefail

# program = package
peers=(
  curl=curl
  tshark=tshark
  turnserver=coturn
  stun=stun-client
)

missing=()
for peer in "${peers[@]}"; do
  command -v "${peer%%=*}" >/dev/null || missing+=("${peer#*=}")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null

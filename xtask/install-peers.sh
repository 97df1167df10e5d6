#!/usr/bin/env bash
# Installs the programs that the interop tests run against, on Debian and its kin.
# Does nothing when all are there; otherwise needs root or sudo.
set -euo pipefail

# The Debian packages of the peers, and what else the tests need.
packages=(
  curl
  tshark
  coturn stun-client stun-server
  sip-tester
  baresip-core
  kamailio kamailio-tls-modules
  linphone-cli twinkle-console libnet-sip-perl
  sipsak sipvicious sofia-sip-bin
  rtpengine-daemon
  ffmpeg
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad gstreamer1.0-rtsp
  gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-rtsp-server-1.0 python3-gi
  chromium
  gcc libc6-dev pkg-config libsrtp2-dev libre-dev libsofia-sip-ua-dev libosip2-dev
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
echo "installing ${missing[*]}"

# No service that comes with a package is started: the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null

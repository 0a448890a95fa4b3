#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Configures the core (IS-IS with segment routing, VPNv4 between the PEs) by
# the environment and starts FRR and, with GNMI set, labpe. A node without
# ROUTER is a plain host.
set -eu
[ -n "${ROUTER:-}" ] || exec sleep infinity

core="eth2 eth3"
[ -n "${GNMI:-}" ] || core="eth1 eth2"

# The links come after the container has started.
for dev in $core; do
  until ip link show "$dev" >/dev/null 2>&1; do sleep 1; done
  ip link set "$dev" up
  # Unnumbered point-to-point links: the loopback's address does for all.
  ip address replace "$LOOPBACK/32" dev "$dev"
  echo 1 >"/proc/sys/net/mpls/conf/$dev/input"
done
ip address replace "$LOOPBACK/32" dev lo
echo 100000 >/proc/sys/net/mpls/platform_labels
echo 1 >/proc/sys/net/mpls/conf/lo/input

mkdir -p /etc/frr "/var/run/frr"
conf=/etc/frr/frr.conf
{
  echo "hostname $ROUTER"
  echo "router isis 1"
  echo " lsp-gen-interval 1"
  echo " is-type level-2-only"
  printf ' net 49.0000.0000.0000.%04d.00\n' "$SID"
  echo " mpls-te on"
  echo " mpls-te router-address $LOOPBACK"
  echo " segment-routing on"
  echo " segment-routing global-block 16000 23999"
  echo " segment-routing prefix $LOOPBACK/32 index $SID"
  echo "exit"
  metric=10
  for dev in $core; do
    case $ROUTER in P2) metric=20 ;; esac
    printf 'interface %s\n ip router isis 1\n isis circuit-type level-2-only\n isis network point-to-point\n isis hello-interval 1\n isis metric %s\nexit\n' "$dev" "$metric"
    case $ROUTER in PE*) metric=20 ;; esac
  done
  printf 'interface lo\n ip router isis 1\n isis passive\nexit\n'
  if [ -n "${PEER:-}" ]; then
    cat <<EOF
router bgp 65000
 bgp router-id $LOOPBACK
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 neighbor $PEER remote-as 65000
 neighbor $PEER update-source $LOOPBACK
 neighbor $PEER timers connect 1
 address-family ipv4 vpn
  neighbor $PEER activate
 exit-address-family
exit
EOF
  fi
} >"$conf"
chown -R frr:frr /etc/frr /var/run/frr

sed -i 's/^bgpd=.*/bgpd=yes/; s/^isisd=.*/isisd=yes/; s/^staticd=.*/staticd=yes/' /etc/frr/daemons
/usr/lib/frr/frrinit.sh start

[ -n "${GNMI:-}" ] || exec sleep infinity
exec /usr/local/bin/labpe \
  --pe "name=$ROUTER,listen=0.0.0.0:9339,frr=/var/run/frr,ports=eth1" \
  --cert "/certs/{name}.pem" --key "/certs/{name}-key.pem" --ca /certs/ca.pem

// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/internal/inventory"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// small is an inventory without faults; tests change one text of it.
const small = `as: 65000
defaults:
  reservable: {all: 80%, classes: {gold: 30%}}
nodes:
  - {name: A, role: pe, platform: labpe, loopback: 10.0.0.1, management: "a:9339", identity: a.example}
  - {name: B, role: pe, platform: labpe, loopback: 10.0.0.2, management: "b:9339", identity: b.example}
  - {name: G, role: gateway, platform: s2cgw, management: "g:9339", identity: g.example}
links:
  - {name: A-B, a: "A:c1", z: "B:c1", capacity: 10Gbps, latency: 2ms, igpMetric: 10, adminGroups: [3]}
  - name: A-B-2
    a: A:c2
    z: B:c2
    capacity: {az: 1Gbps, za: 2.5Gbps}
    latency: 3ms
    igpMetric: {az: 20, za: 30}
    srlgs: [7]
ports:
  - {pe: A, port: e1, capacity: 1Gbps}
  - {pe: B, port: e1, capacity: 1Gbps}
gateways:
  - {node: G, capacity: 2Gbps, underlay: 203.0.113.2, tunnelPorts: 51000-51099, ports: [t1]}
handoffs:
  - {name: h, kind: wireguard, pe: B, port: e2, gateway: G, gatewayPort: t1, mtu: 1500, tunnelMtu: 1420, maxRate: 1Gbps, vlans: 100-199}
  - name: p
    kind: partner-vlan
    pe: A
    port: e1
    mtu: 1500
    maxRate: 1Gbps
    vlans: 300-399
    partner: {name: Cloudy, as: 64999, addresses: [198.51.100.1/30], serviceKey: k1}
pools:
  vpn: 1-999
  rd: 1-999
  transfer: {ipv4: 100.64.0.0/20, ipv6: "2001:db8::/64"}
catalogue:
  currency: EUR
  overhead: 2%
  leadGuard: 30s
  tailGuard: 30s
  levels:
    - {name: A, class: gold, dscp: EF, availability: 99.5%, booking: 100%, measureEvery: 60s, price: {setUp: 1.50, perMbpsHour: 0.00125}}
tenants:
  - id: t1
    name: One
    clients: [c1]
    accessPoints:
      - id: s
        type: SITE
        primary: {address: 192.168.1.2, attachment: {pe: A, port: e1, vlan: 10, addresses: [192.168.1.1/30], mtu: 1500, max: 1Gbps}}
        secondary: {address: 192.168.1.6, attachment: {pe: B, port: e1, vlan: 10, addresses: [192.168.1.5/30, "2001:db8:5::1/64"], mtu: 1500, max: 1Gbps}}
      - {id: v, type: CLOUD, primary: {address: 198.51.100.9, handoff: h}}
  - id: t2
    name: Two
    clients: [c2]
    accessPoints:
      - {id: s, type: SITE, primary: {address: 192.168.1.2, attachment: {pe: A, port: e1, vlan: 11, addresses: [192.168.1.1/30], mtu: 1500, max: 1Gbps}}}
`

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, new, want string }{
		"AS zero":                 {"as: 65000", "as: 0", "1:5: as: out of range 1 to 4294967294"},
		"node without role":       {"  - {name: A, role: pe", "  - {name: A, nature: pe", "5:5: nodes[0].role: missing\n5:15: nodes[0].nature: unknown key, allowed: down, identity, location, loopback, maintenance, management, name, pin, platform, role"},
		"role":                    {"name: G, role: gateway", "name: G, role: router", `7:21: nodes[2].role: want one of pe, p, gateway, got "router"`},
		"node twice":              {"{name: B, role", "{name: A, role", "6:12: nodes[1].name: \"A\" is given twice, first in line 5\n9:31: links[0].z: no node is called \"B\"\n12:8: links[1].z: no node is called \"B\"\n19:10: ports[1].pe: no node is called \"B\"\n23:36: handoffs[0].pe: no node is called \"B\"\n51:60: tenants[0].accessPoints[0].secondary.attachment.pe: no node is called \"B\""},
		"node name":               {"{name: A, role", "{name: \"A 1\", role", "5:12: nodes[0].name: \"A 1\" is not a name: 1 to 63 of A-Z a-z 0-9 . _ -\n6:5: nodes[1]: no links lead from A 1 to B\n9:20: links[0].a: no node is called \"A\"\n11:8: links[1].a: no node is called \"A\"\n18:10: ports[0].pe: no node is called \"A\"\n26:9: handoffs[1].pe: no node is called \"A\"\n50:58: tenants[0].accessPoints[0].primary.attachment.pe: no node is called \"A\"\n57:78: tenants[1].accessPoints[0].primary.attachment.pe: no node is called \"A\""},
		"loopback twice":          {"10.0.0.2", "10.0.0.1", `6:52: nodes[1].loopback: "10.0.0.1" is given twice, first in line 5`},
		"loopback no address":     {"10.0.0.2", "10.0.0", `6:52: nodes[1].loopback: want an IP address, got "10.0.0"`},
		"loopback IPv6":           {"loopback: 10.0.0.2", "loopback: \"2001:db9::1\"", "6:52: nodes[1].loopback: must be an IPv4 address: it is the router id"},
		"router without loopback": {"loopback: 10.0.0.2, ", "", "6:5: nodes[1].loopback: missing: it is the router id"},
		"loopback in transfer":    {"10.0.0.2", "100.64.0.9", "6:52: nodes[1].loopback: 100.64.0.9 lies in the transfer pool 100.64.0.0/20"},
		"no management":           {"management: \"b:9339\", ", "", "6:5: nodes[1].management: missing: a pe is managed"},
		"management no port":      {"b:9339", "b", `6:74: nodes[1].management: want host:port, got "b"`},
		"management twice":        {"b:9339", "a:9339", `6:74: nodes[1].management: "a:9339" is given twice, first in line 5`},
		"platform":                {"name: B, role: pe, platform: labpe", "name: B, role: pe, platform: acme", `6:35: nodes[1].platform: no platform is called "acme", known: generic-openconfig, labpe, s2cgw, srlinux-oc`},
		"identity":                {"identity: b.example", "identity: b example", "6:94: nodes[1].identity: want a DNS name or URI as in the device's certificate"},
		"pin":                     {"identity: b.example", "identity: b.example, pin: abcd", "6:110: nodes[1].pin: want 64 hex digits, the SHA-256 of the device's public key"},
		"latitude":                {"identity: b.example", "identity: b.example, location: {latitude: 91, longitude: 0}", "6:126: nodes[1].location.latitude: out of range -90 to 90"},
		"link to nowhere":         {`z: "B:c1"`, `z: "C:c1"`, `9:31: links[0].z: no node is called "C"`},
		"link end form":           {`z: "B:c1"`, `z: B`, `9:31: links[0].z: want a node and its port like PE1:eth0, got "B"`},
		"link to a gateway":       {`z: "B:c1"`, `z: "G:c1"`, "9:31: links[0].z: G is a gateway: it is joined by a handoff, not by a link"},
		"link to itself":          {`z: "B:c1"`, `z: "A:c9"`, "9:5: links[0]: both ends are on A"},
		"link port twice":         {"a: A:c2", "a: A:c1", "11:8: links[1].a: port c1 of A is used already, first in line 9"},
		"link name twice":         {"name: A-B-2", "name: A-B", `10:11: links[1].name: "A-B" is given twice, first in line 9`},
		"capacity unit":           {"capacity: 10Gbps", "capacity: 10G", `9:49: links[0].capacity: want a rate above zero like 10Gbps, 2.5Gbps or 512kbps, got "10G"`},
		"capacity zero":           {"capacity: 10Gbps", "capacity: 0Gbps", `9:49: links[0].capacity: want a rate above zero like 10Gbps, 2.5Gbps or 512kbps, got "0Gbps"`},
		"capacity one way":        {"{az: 1Gbps, za: 2.5Gbps}", "{az: 1Gbps}", "13:5: links[1].capacity.za: missing"},
		"latency zero":            {"latency: 3ms", "latency: 0s", "14:14: links[1].latency: must be 1us to 10s"},
		"latency form":            {"latency: 3ms", "latency: 3", `14:14: links[1].latency: want a duration like 1h30m or 7d, got "3"`},
		"metric":                  {"igpMetric: 10", "igpMetric: 16777215", "9:82: links[0].igpMetric: must be 1 to 16777214"},
		"admin group":             {"adminGroups: [3]", "adminGroups: [32]", "9:100: links[0].adminGroups[0]: must be at most 31"},
		"TE metric":               {"adminGroups: [3]", "teMetric: 16777216", "9:96: links[0].teMetric: must be at most 16777215"},
		"TE metric one way":       {"adminGroups: [3]", "teMetric: {az: 1}", "9:86: links[0].teMetric.za: missing"},
		"loss":                    {"adminGroups: [3]", "loss: 100%", "9:92: links[0].loss: must be below 100%"},
		"loss form":               {"adminGroups: [3]", "loss: 0.5", `9:92: links[0].loss: want a share from 0% to 100% like 99.95%, got "0.5"`},
		"node down":               {"identity: b.example", "identity: b.example, down: 1", `6:111: nodes[1].down: want true or false, got "1"`},
		"srlg twice":              {"srlgs: [7]", "srlgs: [7, 7]", "16:16: links[1].srlgs[1]: 7 is given twice"},
		"share above all":         {"gold: 30%", "gold: 90%", "3:42: defaults.reservable.classes.gold: is more than all"},
		"share above whole":       {"all: 80%", "all: 101%", "3:21: defaults.reservable.all: must be above 0% and at most 100%"},
		"port of a gateway":       {"- {pe: B, port: e1", "- {pe: G, port: e1", "19:10: ports[1].pe: G is a gateway, want a pe\n51:69: tenants[0].accessPoints[0].secondary.attachment.port: B has no access port \"e1\" in ports"},
		"port is a link":          {"- {pe: B, port: e1", "- {pe: B, port: c1", "19:19: ports[1].port: port c1 of B is used by the link in line 9\n51:69: tenants[0].accessPoints[0].secondary.attachment.port: B has no access port \"e1\" in ports"},
		"port name":               {"- {pe: B, port: e1", "- {pe: B, port: \"\"", "19:19: ports[1].port: must not be empty\n51:69: tenants[0].accessPoints[0].secondary.attachment.port: B has no access port \"e1\" in ports"},
		"gateway is a PE":         {"- {node: G", "- {node: A", "7:5: nodes[2]: G is a gateway but not in gateways\n21:12: gateways[0].node: A is a pe, want a gateway"},
		"underlay":                {"underlay: 203.0.113.2", "underlay: 127.0.0.1", "21:42: gateways[0].underlay: 127.0.0.1 cannot be dialled from elsewhere"},
		"tunnel ports":            {"51000-51099", "100-199", "21:68: gateways[0].tunnelPorts: must be within 1024 to 65535"},
		"tunnel ports reversed":   {"51000-51099", "51099-51000", `21:68: gateways[0].tunnelPorts: want a range like 100-199, the lower number first, got "51099-51000"`},
		"gateway ports":           {"ports: [t1]", "ports: [t1, t1]", `21:93: gateways[0].ports[1]: "t1" is given twice`},
		"handoff gateway port":    {"gatewayPort: t1", "gatewayPort: t9", `23:74: handoffs[0].gatewayPort: G has no port "t9"`},
		"handoff tunnel MTU":      {"tunnelMtu: 1420", "tunnelMtu: 1501", "23:100: handoffs[0].tunnelMtu: must not be larger than mtu (1500)"},
		"handoff no gateway":      {"gateway: G, ", "", "23:5: handoffs[0].gateway: missing: a wireguard handoff ends on one"},
		"handoff mtu":             {"mtu: 1500, tunnelMtu", "mtu: 576, tunnelMtu", "23:83: handoffs[0].mtu: out of range 1280 to 9216\n23:99: handoffs[0].tunnelMtu: must not be larger than mtu (576)"},
		"handoff vlans":           {"vlans: 100-199", "vlans: 100-4095", "23:129: handoffs[0].vlans: must be within 1 to 4094"},
		"handoff kind":            {"kind: partner-vlan", "kind: wireguard", "24:5: handoffs[1].tunnelMtu: missing: a wireguard handoff has tunnels\n24:5: handoffs[1].gateway: missing: a wireguard handoff ends on one\n31:5: handoffs[1].partner: belongs to kind partner-vlan"},
		"partner AS":              {"as: 64999", "as: 65000", "31:33: handoffs[1].partner.as: is the provider's own"},
		"partner without partner": {"    partner: {name: Cloudy, as: 64999, addresses: [198.51.100.1/30], serviceKey: k1}\n", "", "24:5: handoffs[1].partner: missing: who is the far end?"},
		"vpn pool":                {"vpn: 1-999", "vpn: 0-999", "33:8: pools.vpn: must be within 1 to 4294967295: route targets hold it beside AS 65000"},
		"rd pool":                 {"rd: 1-999", "rd: 1-70000", "34:7: pools.rd: must be within 1 to 65535: route distinguishers hold it"},
		"transfer host bits":      {"100.64.0.0/20", "100.64.0.1/20", "35:20: pools.transfer.ipv4: has host bits set, meant 100.64.0.0/20?"},
		"transfer too long":       {"100.64.0.0/20", "100.64.0.0/32", "35:20: pools.transfer.ipv4: want an IPv4 prefix from /8 to /31"},
		"transfer IPv6 too small": {"2001:db8::/64", "2001:db8::/120", "35:41: pools.transfer.ipv6: holds fewer links than ipv4: want at most /116"},
		"currency":                {"currency: EUR", "currency: EURO", `37:13: catalogue.currency: "EURO" is not a known ISO 4217 currency`},
		"early termination":       {"perMbpsHour: 0.00125", "perMbpsHour: 0.00125, earlyTermination: 101%", "42:156: catalogue.levels[0].price.earlyTermination: must be at most 100%"},
		"price digits":            {"setUp: 1.50", "setUp: 1.505", "42:110: catalogue.levels[0].price.setUp: EUR has 2 digits after the point at most"},
		"price negative":          {"setUp: 1.50", "setUp: -1", `42:110: catalogue.levels[0].price.setUp: want an amount like 12.30, got "-1"`},
		"class unknown":           {"class: gold", "class: silver", `42:24: catalogue.levels[0].class: no link has a share for class "silver"`},
		"dscp":                    {"dscp: EF", "dscp: 64", `42:36: catalogue.levels[0].dscp: want a DSCP from 0 to 63 or like EF, AF41, CS3, got "64"`},
		"objective":               {"class: gold,", "class: gold, objective: beauty,", `42:41: catalogue.levels[0].objective: want one of cost, latency, load, got "beauty"`},
		"booking":                 {"booking: 100%", "booking: 101%", "42:70: catalogue.levels[0].booking: must be at most 100%"},
		"booking of AAA":          {"- {name: A, class: gold, dscp: EF, availability: 99.5%, booking: 100%", "- {name: AAA, class: gold, dscp: EF, availability: 99.5%, booking: 99.9%", "42:72: catalogue.levels[0].booking: must be 100% for AAA: all that is sold of it is reserved"},
		"availability":            {"availability: 99.5%", "availability: 99.50001%", `42:54: catalogue.levels[0].availability: want a share from 0% to 100% like 99.95%, got "99.50001%"`},
		"level name":              {"- {name: A, class", "- {name: B, class", `42:14: catalogue.levels[0].name: want one of A, AA, AAA, got "B"`},
		"duration above maximum":  {"  overhead: 2%", "  overhead: 2%\n  defaultDuration: 300d\n  maxDuration: 200d", "39:20: catalogue.defaultDuration: is longer than maxDuration (4800h0m0s)"},
		"keep terminated":         {"  overhead: 2%", "  overhead: 2%\n  keepTerminated: 60s", "39:19: catalogue.keepTerminated: must be at least 360s"},
		"warning too early":       {"  overhead: 2%", "  overhead: 2%\n  warnBefore: 61m", "39:15: catalogue.warnBefore: must be at most 1h"},
		"hold too long":           {"  overhead: 2%", "  overhead: 2%\n  holdFor: 61m", "39:12: catalogue.holdFor: must be at most 1h"},
		"protection":              {"setUp: 1.50", "setUp: 1.50, protection: half", `42:128: catalogue.levels[0].price.protection: want a share from 0% to 1000% like 80% or 12.5%, got "half"`},
		"offers":                  {"name: Two", "name: Two\n    quota: {offers: 1001}", "55:21: tenants[1].quota.offers: out of range 1 to 1000"},
		"tenant id":               {"id: t2", "id: T2", `53:9: tenants[1].id: "T2" is not a name: 1 to 63 of a-z 0-9 -`},
		"tenant twice":            {"id: t2", "id: t1", "53:9: tenants[1].id: \"t1\" is given twice, first in line 44\n57:14: tenants[1].accessPoints[0].id: \"s\" is given twice, first in line 48\n57:48: tenants[1].accessPoints[0].primary.address: \"192.168.1.2\" is given twice, first in line 50"},
		"client of two tenants":   {"clients: [c2]", "clients: [c1]", `55:15: tenants[1].clients[0]: "c1" is given twice, first in line 46`},
		"no clients":              {"clients: [c2]", "clients: []", "55:5: tenants[1].clients: must not be empty"},
		"access point twice":      {"{id: v, type: CLOUD", "{id: s, type: CLOUD", `52:14: tenants[0].accessPoints[1].id: "s" is given twice, first in line 48`},
		"access point type":       {"type: CLOUD", "type: VPC", `52:23: tenants[0].accessPoints[1].type: want one of SITE, CLOUD, got "VPC"`},
		"address twice":           {"address: 192.168.1.6", "address: 192.168.1.2", "51:30: tenants[0].accessPoints[0].secondary.address: \"192.168.1.2\" is given twice, first in line 50\n51:83: tenants[0].accessPoints[0].secondary.attachment.addresses: the customer's address 192.168.1.2 is not a host of any of them"},
		"address not in subnet":   {"address: 192.168.1.6", "address: 192.168.1.9", "51:83: tenants[0].accessPoints[0].secondary.attachment.addresses: the customer's address 192.168.1.9 is not a host of any of them"},
		"address is broadcast":    {"address: 192.168.1.6", "address: 192.168.1.7", "51:83: tenants[0].accessPoints[0].secondary.attachment.addresses: the customer's address 192.168.1.7 is not a host of any of them"},
		"address is the PE's":     {"address: 192.168.1.6", "address: 192.168.1.5", "51:95: tenants[0].accessPoints[0].secondary.attachment.addresses[0]: 192.168.1.5 is the customer's address"},
		"address multicast":       {"address: 198.51.100.9", "address: 224.0.0.1", "52:49: tenants[0].accessPoints[1].primary.address: 224.0.0.1 cannot be a customer's address"},
		"PE address is network":   {"192.168.1.5/30", "192.168.1.4/30", "51:95: tenants[0].accessPoints[0].secondary.attachment.addresses[0]: 192.168.1.4/30 is not a host of a subnet"},
		"two of a family":         {"192.168.1.5/30, \"2001:db8:5::1/64\"", "192.168.1.5/30, 192.168.9.1/30", "51:111: tenants[0].accessPoints[0].secondary.attachment.addresses[1]: a second address of the same family"},
		"subnets overlap":         {"192.168.1.5/30, ", "192.168.1.5/29, ", "51:95: tenants[0].accessPoints[0].secondary.attachment.addresses[0]: 192.168.1.0/29 overlaps 192.168.1.0/30 in line 50"},
		"subnet in transfer":      {"\"2001:db8:5::1/64\"", "\"2001:db8::1/64\"", "51:111: tenants[0].accessPoints[0].secondary.attachment.addresses[1]: 2001:db8::/64 overlaps the transfer pool 2001:db8::/64"},
		"vlan twice":              {"vlan: 11,", "vlan: 10,", "57:97: tenants[1].accessPoints[0].primary.attachment.vlan: VLAN 10 of port e1 of A is given out in line 50 already"},
		"vlan in handoff pool":    {"vlan: 11,", "vlan: 300,", "57:97: tenants[1].accessPoints[0].primary.attachment.vlan: VLAN 300 of port e1 of A is given out in line 30 already"},
		"vlan range":              {"vlan: 11,", "vlan: 4095,", "57:97: tenants[1].accessPoints[0].primary.attachment.vlan: out of range 1 to 4094"},
		"attachment port":         {"port: e1, vlan: 11", "port: e7, vlan: 11", `57:87: tenants[1].accessPoints[0].primary.attachment.port: A has no access port "e7" in ports`},
		"attachment PE":           {"pe: A, port: e1, vlan: 11", "pe: X, port: e1, vlan: 11", `57:78: tenants[1].accessPoints[0].primary.attachment.pe: no node is called "X"`},
		"attachment max":          {"max: 1Gbps}}}", "max: 2Gbps}}}", "57:146: tenants[1].accessPoints[0].primary.attachment.max: is more than the capacity of port e1"},
		"handoff unknown":         {"handoff: h", "handoff: x", `52:72: tenants[0].accessPoints[1].primary.handoff: no handoff is called "x"`},
		"site with handoff":       {"{id: v, type: CLOUD", "{id: v, type: SITE", "52:71: tenants[0].accessPoints[1].primary.handoff: a SITE has an attachment"},
		"neither way in":          {", handoff: h", "", "52:30: tenants[0].accessPoints[1].primary: want one of attachment and handoff"},
		"secondary on same PE":    {"attachment: {pe: B, port: e1, vlan: 10", "attachment: {pe: A, port: e1, vlan: 12", "51:9: tenants[0].accessPoints[0].secondary: is on A like the primary: it would fail with it"},
		"unknown key":             {"as: 65000", "as: 65000\nnodess: []", "2:1: nodess: unknown key, allowed: as, catalogue, defaults, gateways, handoffs, links, nodes, pools, ports, tenants"},
		"node cut off":            {"links:\n", "  - {name: C, role: p, loopback: 10.0.0.9}\nlinks:\n", "8:5: nodes[3]: no links lead from A to C"},
		"gateway not described":   {"links:\n", "  - {name: H, role: gateway, platform: s2cgw, management: \"h:1\", identity: h}\nlinks:\n", "8:5: nodes[3]: H is a gateway but not in gateways"},
		"p node managed":          {"links:\n", "  - {name: C, role: p, loopback: 10.0.0.9, management: \"c:1\"}\nlinks:\n", "8:5: nodes[3]: no links lead from A to C\n8:56: nodes[3].management: a p node is not managed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(small, tc.old) < 1 {
				t.Fatalf("%q is not in the file", tc.old)
			}
			_, err := inventory.Parse("f", []byte(strings.Replace(small, tc.old, tc.new, 1)))
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(strings.ReplaceAll("\n"+err.Error(), "\nf:", "\n"), "\nf: ", "\n")[1:]
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestParseSmall also proves that the digest is of the content alone.
func TestParseSmall(t *testing.T) {
	t.Parallel()
	one, err := inventory.Parse("f", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	other, err := inventory.Parse("g", []byte("# a comment\n"+strings.Replace(small, "10Gbps", "10000Mbps", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest != other.Digest {
		t.Error("the digest depends on how it is written")
	}
	other, err = inventory.Parse("f", []byte(strings.Replace(small, "10Gbps", "11Gbps", 1)))
	if err != nil || one.Digest == other.Digest {
		t.Errorf("the digest misses a change (%v)", err)
	}
	link := topology.Link{
		Name: "A-B-2", A: "A", Z: "B", Kbps: [2]uint64{1_000_000, 2_500_000}, Micros: [2]uint32{3000, 3000}, IGPMetric: [2]uint32{20, 30},
		Reservable: topology.Shares{All: 800, ByClass: map[string]uint32{"gold": 300}}, SRLGs: []uint32{7},
	}
	if diff := cmp.Diff(link, one.Network.Links[1]); diff != "" {
		t.Error(diff)
	}
	var access []string
	for _, a := range one.Network.Access {
		access = append(access, a.Name+"@"+string(a.Node))
	}
	if diff := cmp.Diff([]string{"port:A:e1@A", "port:B:e1@B", "gateway:G@G", "handoff:h@B", "handoff:p@A"}, access); diff != "" {
		t.Error(diff)
	}
	price := session.Price{Currency: "EUR", Exponent: 2, SetUp: 150, PerMbpsHour: 125}
	if diff := cmp.Diff(price, one.Catalogue.Levels[0].Price); diff != "" {
		t.Error(diff)
	}
	handoff := &session.Handoff{
		Kind: session.WireGuard, Name: "h", PE: "B", Port: "e2", Gateway: "G", GatewayPort: "t1",
		Underlay: netip.MustParseAddr("203.0.113.2"), MTU: 1500, TunnelMTU: 1420, MaxKbps: 1_000_000,
	}
	if diff := cmp.Diff(handoff, one.Tenants[0].AccessPoints[1].Primary.Handoff, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// TestOptional reads what a link and a node may say beside what they must.
func TestOptional(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		"adminGroups: [3]}", "adminGroups: [3, 31], teMetric: {az: 5, za: 16777215}, loss: {az: 0%, za: 0.01%}}",
		"srlgs: [7]", "teMetric: 7\n    loss: 99.9999%",
		"identity: b.example", "identity: b.example, down: true",
		"setUp: 1.50", "setUp: 1.50, minimum: 1h, protection: 12.5%, earlyTermination: 25%",
		"  overhead: 2%", "  overhead: 2%\n  holdFor: 90s\n  warnBefore: 30s",
		"clients: [c2]", "clients: [c2]\n    quota: {offers: 3}",
	).Replace(small)
	inv, err := inventory.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	type optional struct {
		TE, Loss [2]uint32
		Groups   uint32
	}
	var got []optional
	for _, l := range inv.Network.Links {
		got = append(got, optional{l.TEMetric, l.LossPPM, l.AdminGroups})
	}
	want := []optional{
		{TE: [2]uint32{5, topology.MaxMetric}, Loss: [2]uint32{0, 100}, Groups: 1<<31 | 1<<3},
		{TE: [2]uint32{7, 7}, Loss: [2]uint32{999_999, 999_999}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	price := session.Price{Currency: "EUR", Exponent: 2, SetUp: 150, PerMbpsHour: 125, MinimumSeconds: 3600, ProtectionPermille: 125, EarlyPermille: 250}
	if diff := cmp.Diff(price, inv.Catalogue.Levels[0].Price); diff != "" || inv.Catalogue.HoldFor != 90*time.Second || inv.Catalogue.WarnBefore != 30*time.Second {
		t.Errorf("hold for %s, warning %s before, price %s", inv.Catalogue.HoldFor, inv.Catalogue.WarnBefore, diff)
	}
	if a, b := inv.Tenants[0].Quota.Offers, inv.Tenants[1].Quota.Offers; a != 10 || b != 3 { // without a word there is a limit too
		t.Errorf("quotas of offers %d, %d", a, b)
	}
	if nodes := inv.Network.Nodes; nodes[0].Down || !nodes[1].Down {
		t.Errorf("down: A %v, B %v", nodes[0].Down, nodes[1].Down)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("as: 1\nnodes: [{}]\nlinks: [{a: 'x:y', z: 'x:y'}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		inv, err := inventory.Parse("f", data)
		if (inv == nil) == (err == nil) {
			t.Errorf("inventory %v with error %v", inv, err)
		}
	})
}

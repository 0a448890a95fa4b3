// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"fmt"
	"strconv"
	"text/template"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// VPN is one L3VRF with one attachment on a PE.
type VPN struct {
	Name, RD, RT  string
	Port          string
	VLAN          int
	Address       string
	PrefixLength  int
	StaticPrefix  string
	StaticNextHop string
	PeerAS        int    // 0: no BGP neighbour at StaticNextHop
	Password      string // of the BGP session, may be empty
	RateBps       int    // 0: no limits
}

// Device is the name of its subinterface.
func (v VPN) Device() string { return v.Port + "." + strconv.Itoa(v.VLAN) }

// Quoted is the password, of printable ASCII, in JSON.
func (v VPN) Quoted() string { return strconv.Quote(v.Password) }

func (v VPN) instance() *gpb.Path {
	return Path(Elem("network-instances"), Elem("network-instance", "name", v.Name))
}

func (v VPN) subinterface() *gpb.Path {
	return Path(Elem("interfaces"), Elem("interface", "name", v.Port), Elem("subinterfaces"), Elem("subinterface", "index", strconv.Itoa(v.VLAN)))
}

func (v VPN) qosInterface() *gpb.Path {
	return Path(Elem("qos"), Elem("interfaces"), Elem("interface", "interface-id", v.Device()))
}

func (v VPN) policy(kind string) *gpb.Path {
	return Path(Elem("qos"), Elem("scheduler-policies"), Elem("scheduler-policy", "name", v.Name+"-"+kind))
}

// Add is the Set that makes it.
func (v VPN) Add() *gpb.SetRequest {
	req := &gpb.SetRequest{Replace: []*gpb.Update{
		JSON(v.subinterface(), render(subinterfaceBody, v)),
		JSON(v.instance(), render(instanceBody, v)),
	}}
	if v.RateBps != 0 {
		for _, kind := range []string{"POLICE", "SHAPE"} {
			req.Replace = append(req.Replace, JSON(v.policy(kind), render(policyBody, struct {
				VPN
				Kind string
			}{v, kind})))
		}
		req.Replace = append(req.Replace, JSON(v.qosInterface(), render(qosBody, v)))
	}
	return req
}

// Remove is the Set that removes it.
func (v VPN) Remove() *gpb.SetRequest {
	req := &gpb.SetRequest{Delete: []*gpb.Path{v.instance(), v.subinterface()}}
	if v.RateBps != 0 {
		req.Delete = append(req.Delete, v.qosInterface(), v.policy("POLICE"), v.policy("SHAPE"))
	}
	return req
}

// Instance is the path of its network instance.
func (v VPN) Instance() *gpb.Path { return v.instance() }

// Counters is the path of its attachment's counters.
func (v VPN) Counters() *gpb.Path {
	p := v.subinterface()
	p.Elem = append(p.Elem, Elem("state"), Elem("counters"))
	return p
}

func render(t *template.Template, data any) string {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		panic(fmt.Sprintf("template of this file: %v", err))
	}
	return b.String()
}

func parse(name, text string) *template.Template {
	return template.Must(template.New(name).Parse(text))
}

var (
	subinterfaceBody = parse("subinterface", `{"openconfig-interfaces:index":{{.VLAN}},
"openconfig-interfaces:config":{"index":{{.VLAN}},"description":"selftest","enabled":true},
"openconfig-vlan:vlan":{"match":{"single-tagged":{"config":{"vlan-id":{{.VLAN}}}}}},
"openconfig-if-ip:ipv4":{"addresses":{"address":[{"ip":"{{.Address}}","config":{"ip":"{{.Address}}","prefix-length":{{.PrefixLength}}}}]},"config":{"enabled":true,"mtu":1500}},
"openconfig-if-ip:ipv6":{"addresses":{"address":[{"ip":"2001:db8::{{.VLAN}}","config":{"ip":"2001:db8::{{.VLAN}}","prefix-length":64}}]},"config":{"enabled":true}}}`)

	instanceBody = parse("instance", `{"openconfig-network-instance:name":"{{.Name}}",
"openconfig-network-instance:config":{"name":"{{.Name}}","type":"openconfig-network-instance-types:L3VRF","description":"selftest","route-distinguisher":"{{.RD}}"},
"openconfig-network-instance:inter-instance-policies":{"import-export-policy":{"config":{"import-route-target":["{{.RT}}"],"export-route-target":["{{.RT}}"]}}},
"openconfig-network-instance:interfaces":{"interface":[{"id":"{{.Device}}","config":{"id":"{{.Device}}","interface":"{{.Port}}","subinterface":{{.VLAN}}}}]},
"openconfig-network-instance:tables":{"table":[
{"protocol":"openconfig-policy-types:DIRECTLY_CONNECTED","address-family":"openconfig-types:IPV4","config":{"protocol":"openconfig-policy-types:DIRECTLY_CONNECTED","address-family":"openconfig-types:IPV4"}},
{"protocol":"openconfig-policy-types:STATIC","address-family":"openconfig-types:IPV4","config":{"protocol":"openconfig-policy-types:STATIC","address-family":"openconfig-types:IPV4"}},
{"protocol":"openconfig-policy-types:BGP","address-family":"openconfig-types:IPV4","config":{"protocol":"openconfig-policy-types:BGP","address-family":"openconfig-types:IPV4"}}]},
"openconfig-network-instance:table-connections":{"table-connection":[
{"src-protocol":"openconfig-policy-types:DIRECTLY_CONNECTED","dst-protocol":"openconfig-policy-types:BGP","address-family":"openconfig-types:IPV4","config":{"src-protocol":"openconfig-policy-types:DIRECTLY_CONNECTED","dst-protocol":"openconfig-policy-types:BGP","address-family":"openconfig-types:IPV4","default-import-policy":"ACCEPT_ROUTE"}},
{"src-protocol":"openconfig-policy-types:STATIC","dst-protocol":"openconfig-policy-types:BGP","address-family":"openconfig-types:IPV4","config":{"src-protocol":"openconfig-policy-types:STATIC","dst-protocol":"openconfig-policy-types:BGP","address-family":"openconfig-types:IPV4","default-import-policy":"ACCEPT_ROUTE"}}]},
"openconfig-network-instance:protocols":{"protocol":[
{"identifier":"openconfig-policy-types:DIRECTLY_CONNECTED","name":"connected","config":{"identifier":"openconfig-policy-types:DIRECTLY_CONNECTED","name":"connected"}},
{"identifier":"openconfig-policy-types:STATIC","name":"static","config":{"identifier":"openconfig-policy-types:STATIC","name":"static"}{{if .StaticPrefix}},"static-routes":{"static":[{"prefix":"{{.StaticPrefix}}","config":{"prefix":"{{.StaticPrefix}}"},"next-hops":{"next-hop":[{"index":"0","config":{"index":"0","next-hop":"{{.StaticNextHop}}"}}]}}]}{{end}}},
{"identifier":"openconfig-policy-types:BGP","name":"bgp","config":{"identifier":"openconfig-policy-types:BGP","name":"bgp"},"bgp":{"global":{"config":{"as":65000}}
{{- if .PeerAS}},"neighbors":{"neighbor":[{"neighbor-address":"{{.StaticNextHop}}","config":{"neighbor-address":"{{.StaticNextHop}}","peer-as":{{.PeerAS}},"local-as":65000,"enabled":true{{if .Password}},"auth-password":{{.Quoted}}{{end}}},"afi-safis":{"afi-safi":[{"afi-safi-name":"openconfig-bgp-types:IPV4_UNICAST","config":{"afi-safi-name":"openconfig-bgp-types:IPV4_UNICAST","enabled":true},"ipv4-unicast":{"prefix-limit":{"config":{"max-prefixes":100}}}}]}}]}{{end}}}}]}}`)

	policyBody = parse("policy", `{"openconfig-qos:name":"{{.Name}}-{{.Kind}}","openconfig-qos:config":{"name":"{{.Name}}-{{.Kind}}"},
"openconfig-qos:schedulers":{"scheduler":[{"sequence":1,"config":{"sequence":1,"type":"openconfig-qos-types:ONE_RATE_TWO_COLOR"},"one-rate-two-color":{"config":{"cir":"{{.RateBps}}","bc":32000,"queuing-behavior":"{{.Kind}}"}{{if eq .Kind "POLICE"}},"exceed-action":{"config":{"drop":true}}{{end}}}}]}}`)

	qosBody = parse("qos", `{"openconfig-qos:interface-id":"{{.Device}}","openconfig-qos:config":{"interface-id":"{{.Device}}"},
"openconfig-qos:interface-ref":{"config":{"interface":"{{.Port}}","subinterface":{{.VLAN}}}},
"openconfig-qos:input":{"scheduler-policy":{"config":{"name":"{{.Name}}-POLICE"}}},"openconfig-qos:output":{"scheduler-policy":{"config":{"name":"{{.Name}}-SHAPE"}}}}`)
)

// SPDX-License-Identifier: Apache-2.0

//go:build kernellab

package main

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// brokenOther has a foreign device take the name of red's tunnel: blue goes on
// and a third customer can come and go.
func (l *lab) brokenOther(t *testing.T) {
	l.agent.kill(syscall.SIGKILL)
	for _, pid := range wireguardPIDs("wg1") {
		l.must(syscall.Kill(pid, syscall.SIGKILL))
	}
	gw := l.nl["GW"]
	eventually(t, 10*time.Second, "wg1 to go", func() error {
		if _, err := gw.LinkByName("wg1"); err == nil {
			return fmt.Errorf("wg1 is there")
		}
		return nil
	})
	a := netlink.NewLinkAttrs()
	a.Name = "wg1"
	l.must(gw.LinkAdd(&netlink.Veth{LinkAttrs: a, PeerName: "foreign"}))
	l.agent.start()
	l.reaches(t, 2, cloudAddr4)
	want := clone(l.want)
	green := customer(2, l.keys[1].PublicKey().String())
	green.Name, green.Tunnels, green.Routes, green.Probes = "green", nil, nil, nil
	green.Mark.VPN, green.Attachments[0].VLAN = "vpn-green", 300
	want.VRFs = append(want.VRFs, green)
	want.Normalize()
	l.must(l.agent.set(want, "green", time.Minute))
	l.must(l.agent.confirm("green"))
	l.must(differs(l.agent.config(), want))
	l.link("trunk.300")
	l.must(l.agent.set(l.want, "", 0))
	l.must(gw.LinkDel(l.link("wg1")))
	l.reaches(t, 1, cloudAddr4)
}

// hungChild stops wg2's process, which then neither forwards nor answers.
func (l *lab) hungChild(t *testing.T) {
	pids := wireguardPIDs("wg2")
	if len(pids) != 1 {
		t.Fatalf("wireguard-go of wg2: %v", pids)
	}
	l.must(syscall.Kill(pids[0], syscall.SIGSTOP))
	l.reaches(t, 1, cloudAddr4)
	eventually(t, 60*time.Second, "a new wireguard-go", func() error {
		if now := wireguardPIDs("wg2"); len(now) != 1 || now[0] == pids[0] {
			return fmt.Errorf("processes %v", now)
		}
		return nil
	})
	l.reaches(t, 2, cloudAddr4)
}

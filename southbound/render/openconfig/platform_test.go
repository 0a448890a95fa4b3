// SPDX-License-Identifier: Apache-2.0

package openconfig_test

import (
	"testing"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/render/openconfig"
)

func TestPlatformsAgree(t *testing.T) {
	t.Parallel()
	for name, qos := range map[string]bool{"labpe": true, "generic-openconfig": true, "srlinux-oc": false} {
		p, ok := openconfig.LookupPlatform(name)
		can := southbound.Platforms()[name]
		if !ok || p.QoS != can.QoS || p.VPNv6 != can.VPNv6 || p.QoS != qos {
			t.Errorf("%s: %+v beside %+v", name, p, can)
		}
	}
	for _, name := range []string{"s2cgw", "other"} {
		if p, ok := openconfig.LookupPlatform(name); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if !southbound.Platforms()["s2cgw"].QoS {
		t.Error("a gateway polices and shapes")
	}
}

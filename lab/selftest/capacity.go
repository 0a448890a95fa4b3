// SPDX-License-Identifier: Apache-2.0

package selftest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"

	"github.com/s2cd/s2cd/lab/client"
	"github.com/s2cd/s2cd/lab/network"
)

// maxVRFs is what a lab PE holds.
const maxVRFs = 10

// capacity fills PE1 with VPNs that all use the same addresses, in one Set,
// and empties it again.
func (s *Suite) capacity(ctx context.Context) (string, error) {
	add, remove := &gpb.SetRequest{}, &gpb.SetRequest{}
	for i := 1; i < maxVRFs; i++ {
		v := numbered(i)
		add.Replace = append(add.Replace, v.Add().GetReplace()...)
		remove.Delete = append(remove.Delete, v.Remove().GetDelete()...)
	}
	began := time.Now()
	if err := s.pe["PE1"].Send(ctx, add); err != nil {
		return "", err
	}
	added := time.Since(began)
	if _, err := wantCode(s.pe["PE1"].Send(ctx, numbered(maxVRFs).Add()), codes.InvalidArgument); err != nil {
		return "", err
	}
	if _, err := s.env.WaitPing(ctx, nearSite, network.Ping{To: farIP}); err != nil {
		return "", err
	}
	began = time.Now()
	if err := s.pe["PE1"].Send(ctx, remove); err != nil {
		return "", err
	}
	removed := time.Since(began)
	used, err := memoryUsed()
	return fmt.Sprintf("%d in %s, removed in %s; %d MiB of memory used", maxVRFs-1, added.Round(time.Millisecond), removed.Round(time.Millisecond), used), err
}

func numbered(i int) client.VPN {
	v := nearVPN
	v.Name, v.VLAN = fmt.Sprintf("many%d", i), 300+i
	v.RD, v.RT = fmt.Sprintf("65000:%d", 300+i), fmt.Sprintf("65000:%d", 3000+i)
	return v
}

// memoryUsed is the whole kernel's, MiB.
func memoryUsed() (int, error) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("read memory use: %w", err)
	}
	kib := map[string]int{}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return 0, fmt.Errorf("read memory use: %w", err)
		}
		kib[strings.TrimSuffix(f[0], ":")] = n
	}
	if kib["MemTotal"] == 0 {
		return 0, errors.New("read memory use: no MemTotal")
	}
	return (kib["MemTotal"] - kib["MemAvailable"]) >> 10, nil
}

// SPDX-License-Identifier: Apache-2.0

package drivertest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/southbound/drivertest"
)

func TestFakeConforms(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, func(*testing.T) drivertest.Harness {
		f := drivertest.NewFake("pe1", nil)
		f.Refuse(func(tx southbound.Transaction) error {
			for _, v := range tx.Want.VRFs {
				if strings.HasPrefix(v.Name, "bad") {
					return errors.New("bad name")
				}
			}
			return nil
		})
		return drivertest.Harness{
			Driver:  f,
			Refused: func(v *southbound.VRF) { v.Name = "bad" },
			Writes:  f.Writes,
		}
	})
}

// fakeTx brings an empty device to want.
func fakeTx(id string, want southbound.DeviceConfig) southbound.Transaction {
	return southbound.Transaction{ID: id, Fence: 1, Epoch: drivertest.Epoch, Want: want, Rollback: time.Second}
}

func TestFakeFaults(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.Unix(0, 0)
	f := drivertest.NewFake("pe1", func() time.Time { return now })
	empty := southbound.DeviceConfig{}
	one := southbound.DeviceConfig{VRFs: []southbound.VRF{drivertest.RouterVRF(0)}}
	expect := func(what string, err error, kind southbound.Kind) {
		t.Helper()
		if got := southbound.KindOf(err); err == nil || got != kind {
			t.Errorf("%s: %v, want %s", what, err, kind)
		}
	}

	f.Unreachable(errors.New("cable cut"))
	expect("unreachable", f.Apply(ctx, fakeTx("a", one)), southbound.Unreachable)
	f.Unreachable(nil)

	f.LoseNext(drivertest.LoseRequest)
	expect("lost request", f.Apply(ctx, fakeTx("b", one)), southbound.InDoubt)
	if !f.Config().Equal(empty) {
		t.Error("a lost request had an effect")
	}
	f.LoseNext(drivertest.LoseReply)
	expect("lost reply", f.Apply(ctx, fakeTx("c", one)), southbound.InDoubt)
	if !f.Config().Equal(one) || f.Open() != "c" {
		t.Error("a lost reply had no effect")
	}
	now = now.Add(time.Second)
	if !f.Config().Equal(empty) {
		t.Error("not rolled back in time")
	}

	f.ForeignCommit(true)
	expect("foreign commit", f.Apply(ctx, fakeTx("d", one)), southbound.Busy)
	f.ForeignCommit(false)

	f.Hook(func(context.Context, string) error { return context.DeadlineExceeded })
	expect("hook", f.Apply(ctx, fakeTx("e", one)), southbound.Unreachable)
	f.Hook(nil)

	f.WithoutCommitConfirmed()
	tx := fakeTx("f", one)
	if err := f.Apply(ctx, tx); err != nil || f.Open() != "" {
		t.Errorf("plain apply: %v, open %q", err, f.Open())
	}
	if err := f.Cancel(ctx, tx); err != nil || !f.Config().Equal(empty) {
		t.Errorf("cancel by the inverse change: %v", err)
	}
	if n := len(f.Records()); n != 7 {
		t.Errorf("%d records, want 7", n)
	}
}
